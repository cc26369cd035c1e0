/**
 * An independent model of when messages leave, for tests: it shares no code with `core/routing` or `core/calendar`. It plays the
 * month of one person in one context, from one event to the next.
 * @module
 */
import { arrivalsOf } from './month-arrivals.ts'
import {
  digestTimeAfter,
  isQuiet,
  type QuietWindow,
  TICK_MS,
  tickAfter,
  type Weekday,
} from './month-clock.ts'

const MINUTE = 60_000

/** What a person has chosen: about each type, when digests leave, and quiet hours. */
export type ModelChoices = {
  choices: Readonly<Record<string, boolean | 'immediate' | 'hourly' | 'daily' | 'weekly'>>
  digest?: { hour: number; day: Weekday } | undefined
  quiet?: readonly QuietWindow[] | undefined
}

/** A person. In the context `team`, what they have chosen there comes first. */
export type ModelPerson = ModelChoices & { id: string; zone: string; team: ModelChoices }

/** Times are in ms. `delay`: of its only plan step. `most`: the total of a sliding window. */
export type ModelType = {
  key: string
  critical?: boolean
  transactional?: boolean
  delay?: number
  digest?: { window: number | 'daily'; keyed?: boolean; most?: number; first?: boolean }
  throttle?: { limit: number; window: number; excess: 'skip' | 'digest' }
}

/** When a notification is delivered: at an instant, or at a local time, such as `2027-03-05T09:08`. */
export type Delivery = { at: number; relative?: boolean } | { local: string; late: 'now' | 'skip' }
export type ModelSend = {
  at: number
  kind: 'send'
  user: string
  type: string
  id: string
  key: string
  context: '' | 'team'
  delivery?: Delivery | undefined
  expiresAt?: number | undefined
}
export type ModelEvent =
  | ModelSend
  | { at: number; kind: 'read'; user: string }
  | { at: number; kind: 'cancel'; user: string; id: string }

/** A recurring send: at `minutes` after midnight on some days, in a zone, or in that of each person. */
export type ModelSchedule = {
  id: string
  type: string
  context: '' | 'team'
  minutes: number
  days: readonly Weekday[]
  zone?: string | undefined
}

export type ModelWorld = {
  types: readonly ModelType[]
  schedules: readonly ModelSchedule[]
  start: number
  end: number
}

/** A message that leaves: in which minute, to whom, and of which notifications it tells, sorted. */
export type Leaving = { at: number; user: string; ids: string[] }

type Item = { id: string; type: ModelType; read: boolean; expiresAt: number }
/** What leaves as one. `type`: the one whose throttle counts it, if it is of one type. */
type Unit = { items: Item[]; type: ModelType | undefined; summary?: boolean }
type Open = { units: Unit[]; opened: number; closes: number }

/** What happens at one instant: quiet hours end, windows close, then messages arrive, then people act. */
type Phase = 'quiet' | 'close' | 'arrive' | 'act'
const PHASES: readonly Phase[] = ['quiet', 'close', 'arrive', 'act']

/**
 * Plays the events of one person in one context, and returns what leaves. `tied`: two things happened in the same minute whose
 * order nobody specifies, and which matters.
 */
export const leavings = (
  person: ModelPerson,
  context: '' | 'team',
  world: ModelWorld,
  events: readonly ModelEvent[],
): { leaving: Leaving[]; tied: boolean } => {
  const { types, end } = world
  const typeOf = new Map(types.map((type) => [type.key, type]))
  const own = context === 'team' ? person.team : undefined
  const choices = { ...person.choices, ...own?.choices }
  const quietHours = own?.quiet ?? person.quiet ?? []
  const times = { zone: person.zone, ...(own?.digest ?? person.digest ?? { hour: 9, day: 'mon' as const }) }
  const quietAt = (at: number) => isQuiet(quietHours, person.zone, at)

  const leaving: Leaving[] = []
  let tied = false
  const stored: Item[] = []
  const cancelled = new Set<string>()
  const windows = new Map<string, Open>()
  const closed = new Map<string, number>()
  const slots = new Map<ModelType, number[]>()
  const takers = new Map<ModelType, { minute: number; count: number; refused: boolean }>()
  let waiting: Unit[] = []
  let alone: Item[] = []

  const agenda: { at: number; phase: Phase; run: () => void }[] = []
  const plan = (at: number, phase: Phase, run: () => void) => void agenda.push({ at, phase, run })
  const minuteOf = (at: number) => Math.floor(at / MINUTE)
  const isTick = (at: number) => at % TICK_MS === 0

  const isGone = ({ id, read, expiresAt }: Item, at: number) => read || cancelled.has(id) || expiresAt <= at

  const takesSlot = (type: ModelType, at: number): boolean => {
    const { limit, window } = type.throttle!
    const taken = (slots.get(type) ?? []).filter((until) => until > at)
    const free = taken.length < limit
    slots.set(type, free ? [...taken, at + window] : taken)
    const before = takers.get(type)
    const same = before?.minute === minuteOf(at) ? before : { count: 0, refused: false }
    const now = { minute: minuteOf(at), count: same.count + 1, refused: same.refused || !free }
    takers.set(type, now)
    // Several ask for a slot at once, and not all get one.
    if (now.count > 1 && now.refused) tied = true
    return free
  }

  const leave = (at: number, { items, type, summary }: Unit) => {
    const left = items.filter((item) => !isGone(item, at))
    if (left.length === 0) return
    const counted = summary && left.length === 1 ? left[0]!.type : type
    if (counted?.throttle && !takesSlot(counted, at)) {
      if (counted.throttle.excess === 'digest') join(at, counted, '', { items, type: counted }, false)
      return
    }
    const ids = left.map(({ id }) => id).sort()
    leaving.push({ at: minuteOf(at) * MINUTE, user: person.id, ids })
  }

  const endQuiet = (at: number) => {
    const [units, singles] = [waiting, alone]
    waiting = []
    alone = []
    const [first, ...others] = units
    if (first && others.length === 0) leave(at, first)
    else leave(at, { items: units.flatMap(({ items }) => items), type: undefined, summary: true })
    for (const item of singles) leave(at, { items: [item], type: undefined })
  }
  const hold = (at: number) => {
    if (waiting.length + alone.length > 0) return
    const ends = tickAfter(at, (tick) => !quietAt(tick))
    plan(ends, 'quiet', () => endQuiet(ends))
  }

  /** What is ready to leave: at once, or after quiet hours. */
  const depart = (at: number, unit: Unit) => {
    if (unit.items.every((item) => isGone(item, at))) return
    if (!quietAt(at)) return leave(at, unit)
    hold(at)
    waiting.push(unit)
  }

  const close = (name: string, unitOf: (items: Item[]) => Unit) => {
    const window = windows.get(name)!
    const at = window.closes
    plan(at, 'close', () => {
      if (window.closes > at) return close(name, unitOf)
      windows.delete(name)
      closed.set(name, at)
      const items = window.units.flatMap(({ items }) => items)
      if (items.length > 0) depart(at, unitOf(items))
    })
  }

  /** What arrives at a tick is sent after everything else has settled, so it finds a window closed. */
  const openOf = (
    name: string,
    at: number,
    { closesAt, unitOf }: { closesAt: number; unitOf: (items: Item[]) => Unit },
  ): { window: Open; isNew: boolean } => {
    const known = windows.get(name)
    const closes = known ? known.closes : closed.get(name)
    if (closes !== undefined && minuteOf(closes) === minuteOf(at) && !isTick(at)) tied = true
    if (known) return { window: known, isNew: false }
    const window = { units: [], opened: at, closes: closesAt }
    windows.set(name, window)
    close(name, unitOf)
    return { window, isNew: true }
  }

  const join = (at: number, type: ModelType, key: string, unit: Unit, mayBeFirst = true) => {
    const { window, keyed, most, first } = type.digest!
    const closesAt = window === 'daily' ? digestTimeAfter('daily', times, at) : at + window
    const unitOf = (items: Item[]) => ({ items, type })
    const open = openOf(`${type.key} ${keyed ? key : ''}`, at, { closesAt, unitOf })
    // Of several at once, any may be the first.
    if (first && !open.isNew && minuteOf(open.window.opened) === minuteOf(at)) tied = true
    if (open.isNew && first && mayBeFirst) return depart(at, unit)
    if (most !== undefined) open.window.closes = Math.min(closesAt, open.window.opened + most)
    open.window.units.push(unit)
  }

  const collect = (at: number, frequency: 'hourly' | 'daily' | 'weekly', item: Item) => {
    const unitOf = (items: Item[]): Unit => {
      const [{ type }, ...others] = items as [Item, ...Item[]]
      const isOne = type.digest && others.every((other) => other.type === type)
      return { items, type: isOne ? type : undefined }
    }
    const closesAt = digestTimeAfter(frequency, times, at)
    openOf(frequency, at, { closesAt, unitOf }).window.units.push({ items: [item], type: item.type })
  }

  const step = (at: number, item: Item, key: string) => {
    if (isGone(item, at)) return
    const { type } = item
    const choice = choices[type.key] ?? true
    const unit = { items: [item], type }
    if (type.critical) leave(at, unit)
    else if (type.transactional) {
      if (!quietAt(at)) return leave(at, unit)
      hold(at)
      alone.push(item)
    } else if (choice === false) return
    else if (typeof choice === 'string' && choice !== 'immediate') collect(at, choice, item)
    else if (type.digest && choice === true) join(at, type, key, unit)
    else depart(at, unit)
  }

  for (const { at, id, type: typeKey, key, expiresAt } of arrivalsOf(person, context, world, events))
    plan(at, 'arrive', () => {
      const type = typeOf.get(typeKey)!
      const item = { id, type, read: false, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY }
      if (isGone(item, at)) return
      stored.push(item)
      if (type.delay === undefined) step(at, item, key)
      else plan(at + type.delay, 'arrive', () => step(at + type.delay!, item, key))
    })
  for (const event of events) {
    if (event.kind === 'read')
      plan(event.at, 'act', () => {
        for (const item of stored) item.read = true
      })
    if (event.kind === 'cancel') plan(event.at, 'act', () => void cancelled.add(event.id))
  }

  for (;;) {
    agenda.sort((one, other) => one.at - other.at || PHASES.indexOf(one.phase) - PHASES.indexOf(other.phase))
    const next = agenda.shift()
    if (!next || next.at > end) break
    next.run()
  }
  return { leaving, tied }
}
