import type { InboxContent } from '@carillon/schemas'

/**
 * Returns the name of an item's entity in an inbox, made of context, type and entity; undefined for an item without an entity.
 * It differs from the name of every group.
 */
export const entityNameOf = ({
  context = '',
  type,
  entity,
}: Pick<InboxContent, 'context' | 'type' | 'entity'>): string | undefined =>
  entity === undefined ? undefined : JSON.stringify(['entity', context, type, entity])
