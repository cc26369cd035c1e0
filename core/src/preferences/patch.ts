import {
  Category,
  Day,
  DeliveryChannel,
  DigestTime,
  FREQUENCIES,
  type Issue,
  isJsonObject,
  type PreferenceValue,
  parse,
  QuietWindows,
  Timestamp,
  TimeZone,
  TopicKey,
  TypeKey,
} from '@carillon/schemas'
import { z } from 'zod'
import { invalidRequest } from '../json/checked.ts'
import type { ChoiceChange } from '../store/ports/preferences.ts'
import { pointerOf } from './document.ts'

/** How a part of the preferences may be changed: one value, fields, or entries with arbitrary keys. */
type Part =
  | { value: z.ZodType<PreferenceValue> }
  | { fields: Readonly<Record<string, Part>> }
  | { key: z.ZodType<string>; entries: Part }

/** One schema instead of a union, so that a fault is reported once. */
const choice: Part = { value: z.literal([true, false, ...FREQUENCIES]) }
const scoped: Part = { key: z.enum([...DeliveryChannel.options, 'all']), entries: choice }
const digest: Part = {
  fields: { hour: { value: DigestTime.shape.hour.unwrap() }, day: { value: Day } },
}
const quietHours: Part = {
  fields: { timezone: { value: TimeZone }, days: { key: Day, entries: { value: QuietWindows } } },
}
const PREFERENCES: Readonly<Record<string, Part>> = {
  muted: { value: z.boolean() },
  snoozedUntil: { value: Timestamp },
  channels: { key: DeliveryChannel, entries: choice },
  categories: { key: Category, entries: scoped },
  types: { key: TypeKey, entries: scoped },
  topics: { key: TopicKey, entries: { value: z.boolean() } },
  digest,
  quietHours,
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
      if (check(part.value, value, keys))
        changes.push({ path: pointerOf(keys), value: value as PreferenceValue })
    } else if (!isJsonObject(value)) issues.push({ path: keys, message: 'must be an object, or null' })
    else if ('fields' in part) readFields(part.fields, value, keys)
    else
      for (const [key, each] of Object.entries(value))
        if (check(part.key, key, [...keys, key])) read(part.entries, each, [...keys, key])
  }

  const readFields = (fields: Readonly<Record<string, Part>>, value: object, keys: string[]): void => {
    for (const [key, each] of Object.entries(value)) {
      const part = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (part) read(part, each, [...keys, key])
      else issues.push({ path: [...keys, key], message: `must be one of ${Object.keys(fields).join(', ')}` })
    }
  }

  if (!isJsonObject(patch)) throw invalidRequest([{ path: [], message: 'must be an object' }], 'body')
  readFields(PREFERENCES, patch, [])
  if (issues.length > 0) throw invalidRequest(issues, 'body')
  return changes
}
