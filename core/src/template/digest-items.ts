import type { Actor, ItemContent } from '@carillon/schemas'

/** A notification that a message covers, as templates see it. Missing texts are empty. */
export type DigestItem = {
  id: string
  type: string
  category: string
  /** The name of the category, in the reader's language in a digest. */
  category_name: string
  data: Readonly<Record<string, unknown>>
  title: string
  body: string
  url: string
  image: string
  actor: Readonly<Record<string, unknown>>
  createdAt: string
}

/** The notifications that a message covers, newest first; outside a digest, only one. */
export type DigestItems = {
  items: readonly DigestItem[]
  total: number
  actors: readonly Actor[]
  total_actors: number
}

/** Actors beyond this number are only counted. */
const ACTORS_MAX = 100

type NameOfCategory = (key: string) => string

const digestItem = (content: Partial<ItemContent>, nameOfCategory: NameOfCategory): DigestItem => ({
  id: content.id ?? '',
  type: content.type ?? '',
  category: content.category ?? '',
  category_name: content.category === undefined ? '' : nameOfCategory(content.category),
  data: content.data ?? {},
  title: content.title ?? '',
  body: content.body ?? '',
  url: content.url ?? '',
  image: content.image ?? '',
  actor: content.actor ?? {},
  createdAt: content.createdAt ?? '',
})

const nameOf = ({ user, name }: Actor) => user ?? name ?? ''

/**
 * Returns the notifications that a message covers, as templates see them. `contents`: newest first. A category without a name
 * is named by its key.
 */
export const digestItemsOf = (
  contents: readonly Partial<ItemContent>[],
  nameOfCategory: NameOfCategory = (key) => key,
): DigestItems => {
  const actors = new Map<string, Actor>()
  for (const { actor } of contents) if (actor && !actors.has(nameOf(actor))) actors.set(nameOf(actor), actor)
  return {
    items: contents.map((content) => digestItem(content, nameOfCategory)),
    total: contents.length,
    actors: [...actors.values()].slice(0, ACTORS_MAX),
    total_actors: actors.size,
  }
}

/** Returns the newest `most` items; `total` does not change. */
export const firstItems = (all: DigestItems, most: number): DigestItems => ({
  ...all,
  items: all.items.slice(0, most),
})
