import type { ItemSelection, Notification } from '@carillon/schemas'

const entityLabel = (entity: string) => `entity ${entity}`
const tagLabel = (tag: string) => `tag ${tag}`

/** Returns the labels of a notification: one for its entity and one for each of its tags. */
export const labelsOf = ({ entity, tags = [] }: Pick<Notification, 'entity' | 'tags'>): string[] => [
  ...(entity === undefined ? [] : [entityLabel(entity)]),
  ...[...new Set(tags)].map(tagLabel),
]

/** Returns the label that a selection names; undefined if it names neither an entity nor a tag. */
export const labelOf = ({ entity, tag }: Pick<ItemSelection, 'entity' | 'tag'>): string | undefined =>
  entity === undefined ? tag && tagLabel(tag) : entityLabel(entity)
