/**
 * An independent model of when messages leave, for tests: it shares no code with `core/routing` or `core/calendar`. It walks
 * through time in steps, and asks the clock of the person at each.
 * @module
 */

export const STEP_MS = 15 * 60_000
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

export type Weekday = 'sun' | 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat'

/** A person: their zone, their choice about each type, and quiet windows by day in minutes after midnight. */
export type ModelPerson = {
  id: string
  zone: string
  hour: number
  day: Weekday
  choices: Readonly<Record<string, boolean | 'immediate' | 'hourly' | 'daily' | 'weekly'>>
  quiet: readonly { day: Weekday; from: number; to: number }[]
}

/** `window`: of the digest of the type, ms. */
export type ModelType = {
  key: string
  kind: 'plain' | 'critical' | 'transactional' | 'digest'
  window?: number
}

export type ModelEvent =
  | { at: number; kind: 'send'; user: string; type: string; id: string; key: string }
  | { at: number; kind: 'read'; user: string }

/** A message that leaves: when, to whom, and of which notifications it tells, sorted. */
export type Leaving = { at: number; user: string; ids: string[] }

type Local = { day: Weekday; minutes: number }

const clocks = new Map<string, Intl.DateTimeFormat>()
const localAt = (zone: string, at: number): Local => {
  const known =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  clocks.set(zone, known)
  const parts = Object.fromEntries(known.formatToParts(at).map(({ type, value }) => [type, value]))
  const index = WEEKDAYS.findIndex((each) => parts.weekday?.startsWith(each))
  return {
    day: WEEKDAYS[index]!.toLowerCase() as Weekday,
    minutes: Number(parts.hour) * 60 + Number(parts.minute),
  }
}

const dayAfter = (day: Weekday): Weekday =>
  WEEKDAYS[(WEEKDAYS.findIndex((each) => each.toLowerCase() === day) + 1) % 7]!.toLowerCase() as Weekday

const isQuiet = ({ quiet, zone }: ModelPerson, at: number): boolean => {
  const { day, minutes } = localAt(zone, at)
  return quiet.some(({ day: starts, from, to }) => {
    if (to > from) return starts === day && from <= minutes && minutes < to
    return (starts === day && minutes >= from) || (dayAfter(starts) === day && minutes < to)
  })
}

const isDigestTime = (person: ModelPerson, frequency: string, at: number): boolean => {
  const { day, minutes } = localAt(person.zone, at)
  if (minutes % 60 !== 0) return false
  if (frequency === 'hourly') return true
  return minutes === person.hour * 60 && (frequency === 'daily' || day === person.day)
}

type Waiting = { ids: string[] }

/** Walks through the events of one person, from `start` to `end`, and returns what leaves. */
export const leavings = (
  person: ModelPerson,
  types: readonly ModelType[],
  events: readonly ModelEvent[],
  { start, end }: { start: number; end: number },
): Leaving[] => {
  const found: Leaving[] = []
  const typeOf = new Map(types.map((type) => [type.key, type]))
  const stored = new Map<string, { type: string; read: boolean }>()
  const frequencies = new Map<string, Waiting>()
  const windows = new Map<string, Waiting & { closes: number }>()
  let quiet: string[][] = []
  let alone: string[] = []

  const leave = (at: number, ids: readonly string[]) => {
    const left = ids.filter((id) => !stored.get(id)?.read)
    if (left.length > 0) found.push({ at, user: person.id, ids: [...left].sort() })
  }
  /** What is ready to leave at a time: at once, or after quiet hours. */
  const depart = (at: number, ids: readonly string[]) => {
    if (isQuiet(person, at)) quiet.push([...ids])
    else leave(at, ids)
  }

  for (let at = start; at <= end; at += STEP_MS) {
    if (!isQuiet(person, at)) {
      if (quiet.length > 0) leave(at, quiet.flat())
      for (const id of alone) leave(at, [id])
      quiet = []
      alone = []
    }
    for (const [name, { ids, closes }] of windows)
      if (closes === at) {
        windows.delete(name)
        depart(at, ids)
      }
    for (const [frequency, { ids }] of frequencies)
      if (isDigestTime(person, frequency, at)) {
        frequencies.delete(frequency)
        depart(at, ids)
      }
    for (const event of events) {
      if (event.at !== at) continue
      if (event.kind === 'read') {
        for (const item of stored.values()) item.read = true
        continue
      }
      const { id, key } = event
      const type = typeOf.get(event.type)!
      stored.set(id, { type: event.type, read: false })
      const choice = person.choices[event.type] ?? true
      if (type.kind === 'critical') leave(at, [id])
      else if (type.kind === 'transactional') {
        if (isQuiet(person, at)) alone.push(id)
        else leave(at, [id])
      } else if (choice === false) continue
      else if (typeof choice === 'string' && choice !== 'immediate') {
        const waiting = frequencies.get(choice) ?? { ids: [] }
        waiting.ids.push(id)
        frequencies.set(choice, waiting)
      } else if (type.kind === 'digest' && choice === true) {
        const name = `${event.type} ${key}`
        const waiting = windows.get(name) ?? { ids: [], closes: at + (type.window ?? 0) }
        waiting.ids.push(id)
        windows.set(name, waiting)
      } else depart(at, [id])
    }
  }
  return found
}
