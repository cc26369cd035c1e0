import { html, nothing } from 'lit'
import { createTimer } from '../../timing/timer.ts'
import { failureLine, select, toggle } from './controls.ts'
import type { Page } from './page-state.ts'
import {
  DAYS,
  type Day,
  formOf,
  isWindow,
  type QuietForm,
  quietHoursOf,
  shownEnd,
  windowsOf,
} from './quiet-hours.ts'
import { dayNames } from './sections.ts'

/** Browsers report a time after each digit, so a change is saved after a pause, or when the focus leaves. */
const PAUSE_MS = 800

const zoneNames = (current: string | undefined): string[] => {
  const known = Intl.supportedValuesOf?.('timeZone') ?? []
  return [...new Set([...(current ? [current] : []), 'UTC', ...known])].sort()
}

/** Renders the windows of each day. */
const differing = ({ effective, locale }: Page) => {
  const names = dayNames(locale, 'short')
  const days = windowsOf(effective.quietHours ?? {})
  return html`
    <ul class="soft">
      ${days.map(
        ([day, windows]) =>
          html`<li>${names[DAYS.indexOf(day)]} ${windows.map(([from, to]) => `${from}–${shownEnd(to)}`).join(', ')}</li>`,
      )}
    </ul>
  `
}

/** Creates the form of the quiet hours. It keeps times that are being typed. */
export const createQuietHoursView = (update: () => void) => {
  let typed: { from: string; to: string } | undefined
  const timer = createTimer()

  const fields = (page: Page, form: QuietForm, save: (next: QuietForm) => void) => {
    const { effective, text, locale } = page
    const { from, to } = typed ?? form
    const commit = () => {
      timer.clear()
      if (!typed || !isWindow(typed.from, typed.to)) return
      const { from, to } = typed
      typed = undefined
      if (from !== form.from || to !== form.to) save({ ...form, from, to, differs: false })
    }
    const type = (name: 'from' | 'to') => (event: Event) => {
      typed = { from, to, ...typed, [name]: (event.target as HTMLInputElement).value }
      timer.set(commit, PAUSE_MS)
      update()
    }
    const time = (name: 'from' | 'to', value: string) => html`
      <label>
        <span class="soft">${text(name)}</span>
        <input type="time" required .value=${value} aria-invalid=${!isWindow(from, to)} @change=${type(name)} @blur=${commit} />
      </label>
    `
    const [names, short] = [dayNames(locale, 'long'), dayNames(locale, 'short')]
    const flip = (day: Day) =>
      save({ ...form, days: DAYS.filter((each) => (each === day) !== form.days.includes(each)) })
    const { timezone } = effective.quietHours ?? {}
    const zones: (readonly [string, string])[] = [
      ['', text('ownZone')],
      ...zoneNames(timezone).map((each) => [each, each.replaceAll('_', ' ')] as const),
    ]
    const saveZone = (zone: string) =>
      page.save('quiet', {
        quietHours: { ...quietHoursOf(effective.quietHours ?? {}, form), timezone: zone || null },
      })
    return html`
      <div class="times">${time('from', from)}${time('to', to)}</div>
      ${isWindow(from, to) ? nothing : html`<p class="failure" role="alert">${text('twoTimes')}</p>`}
      <div class="days" role="group" aria-label=${text('days')}>
        ${DAYS.map(
          (day, index) =>
            html`<button class="day" aria-pressed=${form.days.includes(day)} title=${names[index]!} @click=${() => flip(day)}>${short[index]}</button>`,
        )}
      </div>
      ${form.differs ? differing(page) : nothing}
      <label class="zone"><span class="soft">${text('zone')}</span>${select(zones, timezone ?? '', saveZone)}</label>
    `
  }

  return (page: Page) => {
    const { effective, text } = page
    const quiet = effective.quietHours ?? {}
    const form = formOf(quiet)
    const save = (next: QuietForm) => page.save('quiet', { quietHours: quietHoursOf(quiet, next) })
    return html`
      <section>
        <label class="line">
          <h3 class="grow">${text('quiet')}</h3>
          ${toggle(form.on, (on) => save({ ...form, on }))}
        </label>
        <p class="soft">${text('quietHint', { zone: (quiet.timezone ?? effective.timezone).replaceAll('_', ' ') })}</p>
        ${form.on ? fields(page, form, save) : nothing}
        ${failureLine('quiet', page)}
      </section>
    `
  }
}
