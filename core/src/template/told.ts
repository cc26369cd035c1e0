import type { Actor, ItemContent } from '@carillon/schemas'

/** A notification of which a message tells, as templates see it. Texts that it lacks are empty. */
export type ToldItem = {
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

/** All notifications of which a message tells, newest first; outside a digest it is one. */
export type Told = {
  items: readonly ToldItem[]
  total: number
  actors: readonly Actor[]
  total_actors: number
}

/** Actors beyond this number are only counted. */
const ACTORS_MAX = 100

type NameOfCategory = (key: string) => string

const toldItem = (content: Partial<ItemContent>, nameOfCategory: NameOfCategory): ToldItem => ({
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
 * Returns what templates see of the notifications of which a message tells, given newest first. A category without a name is
 * called by its key.
 */
export const toldOf = (
  contents: readonly Partial<ItemContent>[],
  nameOfCategory: NameOfCategory = (key) => key,
): Told => {
  const actors = new Map<string, Actor>()
  for (const { actor } of contents) if (actor && !actors.has(nameOf(actor))) actors.set(nameOf(actor), actor)
  return {
    items: contents.map((content) => toldItem(content, nameOfCategory)),
    total: contents.length,
    actors: [...actors.values()].slice(0, ACTORS_MAX),
    total_actors: actors.size,
  }
}

/** Returns the same with fewer items listed; `total` stays. */
export const listing = (told: Told, most: number): Told => ({ ...told, items: told.items.slice(0, most) })
