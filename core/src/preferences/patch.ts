import {
  Category,
  type Choice,
  DeliveryChannel,
  FREQUENCIES,
  type Issue,
  isJsonObject,
  parse,
  TopicKey,
  TypeKey,
} from '@carillon/schemas'
import { z } from 'zod'
import { invalidRequest } from '../json/checked.ts'
import type { ChoiceChange } from '../store/ports/preferences.ts'
import { pointerOf } from './document.ts'

/** How a part of the preferences may be changed: one value, or entries with keys of their own. */
type Part = { value: z.ZodType<Choice> } | { key: z.ZodType<string>; entries: Part }

/** One schema rather than a union, so that a fault is told once. */
const choice: Part = { value: z.literal([true, false, ...FREQUENCIES]) }
const scoped: Part = { key: z.enum([...DeliveryChannel.options, 'all']), entries: choice }
const PARTS: Readonly<Record<string, Part>> = {
  muted: { value: z.boolean() },
  channels: { key: DeliveryChannel, entries: choice },
  categories: { key: Category, entries: scoped },
  types: { key: TypeKey, entries: scoped },
  topics: { key: TopicKey, entries: { value: z.boolean() } },
}

/**
 * Returns the changes that a JSON merge patch (RFC 7396) makes to preferences. Reads own properties only, so that every key
 * is a name like any other. Throws `invalid_request` with a pointer to each fault.
 */
export const changesOf = (patch: unknown): ChoiceChange[] => {
  const issues: Issue[] = []
  const changes: ChoiceChange[] = []

  const check = (schema: z.ZodType, value: unknown, keys: string[]): boolean => {
    const parsed = parse(schema, value)
    if (!parsed.success)
      for (const { path, message } of parsed.issues) issues.push({ path: [...keys, ...path], message })
    return parsed.success
  }

  const read = (part: Part, value: unknown, keys: string[]): void => {
    if (value === null) changes.push({ path: pointerOf(keys), value: null })
    else if ('value' in part) {
      if (check(part.value, value, keys)) changes.push({ path: pointerOf(keys), value: value as Choice })
    } else if (!isJsonObject(value)) issues.push({ path: keys, message: 'must be an object, or null' })
    else
      for (const [key, each] of Object.entries(value))
        if (check(part.key, key, [...keys, key])) read(part.entries, each, [...keys, key])
  }

  if (!isJsonObject(patch)) throw invalidRequest([{ path: [], message: 'must be an object' }], 'body')
  for (const [key, value] of Object.entries(patch)) {
    const part = Object.hasOwn(PARTS, key) ? PARTS[key] : undefined
    if (part) read(part, value, [key])
    else issues.push({ path: [key], message: `must be one of ${Object.keys(PARTS).join(', ')}` })
  }
  if (issues.length > 0) throw invalidRequest(issues, 'body')
  return changes
}
