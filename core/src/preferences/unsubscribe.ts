import type { Channel, Choice, Preferences } from '@carillon/schemas'
import type { ChoiceChange } from '../store/ports/preferences.ts'
import { pointerOf } from './document.ts'
import { type Documents, GENERAL } from './documents.ts'

/** The types and categories that a user unsubscribes from. `context`: that of the message, if it has one. */
type Unsubscribed = {
  channel: Channel
  categories: readonly string[]
  types: readonly string[]
  context?: string | undefined
}

type Section = 'categories' | 'types'

const valueAt = (
  document: Preferences | undefined,
  section: Section,
  key: string,
  entry: Channel | 'all',
): Choice | undefined => {
  const choices = document?.[section]
  return choices && Object.hasOwn(choices, key) ? choices[key]?.[entry] : undefined
}

const isOn = (value: Choice | undefined): boolean => value !== undefined && value !== false

/** Returns the types with a choice for the channel that is on. It would take precedence over a category that is off. */
export const typesInTheWay = (channel: Channel, documents: Documents): string[] => {
  const found = [...documents.values()].flatMap((document) =>
    Object.keys(document.types ?? {}).filter(
      (key) => isOn(valueAt(document, 'types', key, channel)) || isOn(valueAt(document, 'types', key, 'all')),
    ),
  )
  return [...new Set(found)]
}

/**
 * Returns the changes that unsubscribe a person from categories and types on a channel. Each of them becomes `false` in
 * general and in the context of the message; choices of that channel that are on are removed in every other context.
 * Afterwards nothing of these categories and types is sent on that channel, whatever was chosen before. `isPartOf` reports
 * whether a type may be sent in a category; a type without a category is part of every category.
 * Pure; empty if nothing is left to change.
 */
export const unsubscribing = (
  { channel, categories, types, context = GENERAL }: Unsubscribed,
  documents: Documents,
  isPartOf: (type: string, category: string) => boolean,
): ChoiceChange[] => {
  const changes = new Map<string, ChoiceChange>()
  const contexts = new Set([GENERAL, context, ...documents.keys()])
  const write = (where: string, section: Section, key: string, value: false | null) => {
    const path = pointerOf([section, key, channel])
    const place = `${path}\n${where}`
    // If two rules change the same place, `false` wins over a removal.
    if (value === false || !changes.has(place))
      changes.set(place, { path, value, ...(where === GENERAL ? {} : { context: where }) })
  }
  const off = (section: Section, key: string, inContexts: ReadonlySet<string>) => {
    for (const each of contexts) {
      const value = valueAt(documents.get(each), section, key, channel)
      if (inContexts.has(each)) {
        if (value !== false) write(each, section, key, false)
      } else if (isOn(value)) write(each, section, key, null)
    }
  }
  const here = new Set([GENERAL, context])
  for (const type of types) off('types', type, here)
  for (const category of categories) off('categories', category, here)
  for (const type of typesInTheWay(channel, documents)) {
    if (types.includes(type) || !categories.some((category) => isPartOf(type, category))) continue
    const all = [...documents.values()].some((document) => isOn(valueAt(document, 'types', type, 'all')))
    // `all` of a type wins over the channel of a category, so only a choice for the type itself can switch it off.
    off('types', type, all ? new Set([GENERAL]) : new Set())
  }
  return [...changes.values()]
}
