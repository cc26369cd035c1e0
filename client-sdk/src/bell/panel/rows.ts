import type { InboxItem } from '@carillon/schemas'
import { placeOf } from '../../inbox/query.ts'

/**
 * A row of the list.
 *
 * - `isMember`: it is shown because its group is unfolded.
 * - `isFirstSeen`: it is the first item that had been seen when the list was opened.
 */
export type Row = { item: InboxItem; isMember: boolean; isFirstSeen: boolean }

export type Rows = {
  rows: readonly Row[]
  /** The items of the rows. */
  items: readonly InboxItem[]
  /** The announcements that are cards above the list. */
  cards: readonly InboxItem[]
}

/** Reports whether an item can be a card above the list. */
export const isCard = ({ display }: InboxItem): boolean => display === 'inline'

/** Maximum number of cards above the list. Further announcements are rows. */
const CARDS_MAX = 2

/**
 * Returns the rows of a list, newest first: the items, and after each of them the members of its unfolded group. Items above the
 * place `divider` were unseen.
 */
export const rowsOf = ({
  items,
  membersOf,
  divider,
  hasCards,
}: {
  items: readonly InboxItem[]
  membersOf: (item: InboxItem) => readonly InboxItem[]
  divider: string | undefined
  hasCards: boolean
}): Rows => {
  const cards = hasCards ? items.filter(isCard).slice(0, CARDS_MAX) : []
  const heads = cards.length > 0 ? items.filter((item) => !cards.includes(item)) : items
  const rows = heads.flatMap((item, at): Row[] => {
    const before = heads[at - 1]
    const isFirstSeen = !!before && !!divider && placeOf(before) > divider && placeOf(item) <= divider
    const members = membersOf(item).map((member) => ({ item: member, isMember: true, isFirstSeen: false }))
    return [{ item, isMember: false, isFirstSeen }, ...members]
  })
  return { rows, items: rows.map(({ item }) => item), cards }
}
