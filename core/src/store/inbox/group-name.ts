import type { ItemLabels } from '@carillon/schemas'

/** Returns the name of an item's group, made of its context, type and key; undefined if it has no group. */
export const groupNameOf = ({ context = '', type = '', group }: ItemLabels): string | undefined =>
  group && JSON.stringify([context, type, group.key])
