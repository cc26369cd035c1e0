import type { InboxItem } from '@carillon/schemas'
import type { Maybe, Query } from './query.ts'

/** Returns the name of an item's group: its context, type and key. Returns undefined without a group. */
export const groupOf = (item: Maybe): string | undefined =>
  item?.group && JSON.stringify([item.context, item.type, item.group.key])

/** Reports whether the newest item of a group stands for it in a list. */
export const isCollapsed = ({ group, display }: Query): boolean => !group && !display

/** Returns the first item of each group, and all items without one. */
export const collapsed = (items: readonly InboxItem[]): InboxItem[] => {
  const shown = new Set<string>()
  return items.filter((item) => {
    const group = groupOf(item)
    return !group || (!shown.has(group) && shown.add(group))
  })
}
