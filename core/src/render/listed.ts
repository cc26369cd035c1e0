import type { DigestItem, DigestItems } from '../template/digest-items.ts'
import { itemContent } from './item-content.ts'

/** The longest list of notifications in a message for a machine, in characters of JSON. */
const LIST_MAX = 90_000

/** A notification in the list of a digest. Missing fields are absent; links are absolute. */
export type ListedItem = Pick<DigestItem, 'id' | 'type' | 'createdAt'> &
  Partial<Pick<DigestItem, 'category' | 'title' | 'body' | 'url' | 'image' | 'actor' | 'data'>>

/** The list of a digest, newest first. `total` includes notifications that are not listed. */
export type Listed = { items: readonly ListedItem[]; total: number }

const isGiven = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== ''

const listedItem = ({ category_name: _, ...item }: DigestItem, appUrl: string | undefined): ListedItem => {
  const { id, type, createdAt, ...rest } = item
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => isGiven(value)))
  const { url, image, actor } = itemContent(given, appUrl)
  return { id, type, ...given, url, image, ...(actor && { actor: { ...actor } }), createdAt }
}

/** Returns the newest notifications of a digest that fit into LIST_MAX, at least one. Pure. */
export const listedOf = ({ items, total }: DigestItems, appUrl: string | undefined): Listed => {
  const listed: ListedItem[] = []
  let length = 0
  for (const item of items) {
    const next = listedItem(item, appUrl)
    length += JSON.stringify(next).length
    if (length > LIST_MAX && listed.length > 0) break
    listed.push(next)
  }
  return { items: listed, total }
}
