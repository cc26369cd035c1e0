import type { Channel, Preferences } from '@carillon/schemas'
import type { ChoiceChange } from '../store/ports/preferences.ts'
import { pointerOf } from './document.ts'

/** What an unsubscribe link names: a category, or a type that has none; and the type of the message that it came with. */
type Unsubscribed = { channel: Channel; type: string; category?: string | undefined }

/**
 * Returns the changes that unsubscribe a person with these preferences from a type or a category on a channel: `false` at
 * that place, and no choice under it that would win over it. `categoryOf` returns the category of a type; undefined if
 * the type leaves it to its notifications. Such a type counts as part of every category. Pure; no changes if nothing is
 * left to change.
 */
export const unsubscribing = (
  { channel, type, category }: Unsubscribed,
  { types = {}, categories = {} }: Preferences,
  categoryOf: (type: string) => string | undefined,
): ChoiceChange[] => {
  if (category === undefined)
    return Object.hasOwn(types, type) && types[type]?.[channel] === false
      ? []
      : [{ path: pointerOf(['types', type, channel]), value: false }]
  const changes: ChoiceChange[] = []
  if (!(Object.hasOwn(categories, category) && categories[category]?.[channel] === false))
    changes.push({ path: pointerOf(['categories', category, channel]), value: false })
  for (const [key, choices] of Object.entries(types)) {
    const isPart = key === type || (categoryOf(key) ?? category) === category
    if (!isPart) continue
    const path = pointerOf(['types', key, channel])
    // `all` of a type wins over the channel of a category, so only a choice of the type's own can switch it off.
    if (choices.all !== undefined && choices.all !== false) {
      if (choices[channel] !== false) changes.push({ path, value: false })
    } else if (choices[channel] !== undefined) changes.push({ path, value: null })
  }
  return changes
}
