import type { PreferencesPatch } from '@carillon/schemas'
import { html, nothing } from 'lit'
import { snoozeTimes } from '../panel/snooze-times.ts'
import { mutedOf } from './choices.ts'
import { failureLine, select } from './controls.ts'
import type { Page } from './page-state.ts'
import { DAYS, type Day } from './quiet-hours.ts'

/** A Monday in UTC. */
const MONDAY = Date.UTC(2026, 0, 5)
const HOUR_MS = 3_600_000

/** Returns the names of the days of a week, Monday first. */
export const dayNames = (locale: string, weekday: 'short' | 'long' | 'narrow'): string[] => {
  const format = new Intl.DateTimeFormat(locale, { weekday, timeZone: 'UTC' })
  return DAYS.map((_, index) => format.format(MONDAY + index * 24 * HOUR_MS))
}

type Pause = 'none' | 'until' | 'hour' | 'day' | 'long'

const pausePatch = (choice: Pause, now: number): PreferencesPatch | undefined => {
  const [hour, ...others] = snoozeTimes(new Date(now))
  const day = others.find(({ label }) => label === 'tomorrow')
  const until = { hour, day }[choice as string]?.until
  if (until) return { muted: null, snoozedUntil: until.toISOString() }
  if (choice === 'long') return { muted: true, snoozedUntil: null }
  return choice === 'none' ? { muted: null, snoozedUntil: null } : undefined
}

/** Renders the choice to pause everything except urgent messages, for a time or until the user ends it. */
export const pause = (page: Page) => {
  const { effective, text, times, save, now } = page
  const { muted, snoozedUntil } = effective
  const until = !muted && snoozedUntil ? Date.parse(snoozedUntil) : undefined
  const options: [Pause, string][] = [
    ['none', text('notPaused')],
    ...(until ? [['until', text('pausedUntil', { time: times.clock(until) })] as [Pause, string]] : []),
    ['hour', text('pauseHour')],
    ['day', text('pauseDay')],
    ['long', text('pauseLong')],
  ]
  const choose = (choice: Pause) => {
    const patch = pausePatch(choice, now())
    if (patch) save('pause', patch, choice === 'none')
  }
  return html`
    <section>
      <div class="line">
        <label class="grow" for="pause"><h3>${text('pause')}</h3></label>
        ${select(options, muted ? 'long' : until ? 'until' : 'none', choose, { id: 'pause' })}
      </div>
      <p class="soft">${text('pauseHint')}</p>
      ${failureLine('pause', page)}
    </section>
  `
}

/** Renders the hour of daily and weekly digests, and the day of weekly ones. */
export const digestTime = (page: Page) => {
  const { effective, text, locale, save } = page
  const { hour, day } = effective.digest
  const format = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' })
  const hours = Array.from(
    { length: 24 },
    (_, each) => [each, format.format(MONDAY + each * HOUR_MS)] as const,
  )
  const names = dayNames(locale, 'long')
  // The hour and the day are sent together, because they apply as a whole.
  const change = (next: { hour?: number; day?: Day }) => save('digest', { digest: { hour, day, ...next } })
  return html`
    <div class="line digest">
      <label class="grow" for="digest">${text('digestAt')}</label>
      <span>${select(
        DAYS.map((each, index) => [each, names[index]!] as const),
        day,
        (next) => change({ day: next }),
        { label: text('digestDay') },
      )}
      ${select(hours, hour, (next) => change({ hour: next }), { id: 'digest' })}</span>
    </div>
    ${failureLine('digest', page)}
  `
}

/** Renders the channels, types and topics that the user turned off outside the categories. */
export const muted = (page: Page) => {
  const { effective, text, save } = page
  const all = mutedOf(effective, text)
  if (all.length === 0) return nothing
  return html`
    <section>
      <h3 id="muted">${text('muted')}</h3>
      <ul aria-labelledby="muted">
        ${all.map(({ name, patch }) => {
          const id = `muted ${JSON.stringify(patch)}`
          return html`
            <li class="line">
              <span class="grow" dir="auto">${name}</span>
              <button class="action" aria-label="${text('turnOn')}: ${name}" @click=${() => save(id, patch, true)}>${text('turnOn')}</button>
            </li>
            ${failureLine(id, page)}
          `
        })}
      </ul>
    </section>
  `
}
