import type { PreferencesPatch } from '@carillon/schemas'
import { html } from 'lit'
import type { Client } from '../../client/client.ts'
import type { CarillonError } from '../../http/error.ts'
import type { Failure } from '../failure.ts'
import { icon } from '../icon.ts'
import { PANEL_ENGLISH } from '../panel/english.ts'
import { skeleton } from '../skeleton.ts'
import { preferencesStyles } from '../styles/preferences.ts'
import { derivedText } from '../text/derived-text.ts'
import type { Message } from '../text/english.ts'
import type { Text } from '../text/text.ts'
import type { Times } from '../text/times.ts'
import type { PreferencesText } from './choices.ts'
import { PREFERENCES_ENGLISH } from './english.ts'
import type { Page } from './page-state.ts'
import { createQuietHoursView } from './quiet-hours-view.ts'
import { preferencesBody, preferencesHeader } from './view.ts'

/** The styles of the preferences. */
export const styles = [preferencesStyles]

/** The minimum width at which the categories are shown as a table, in px. */
const WIDE_PX = 640

/** The interface of the panel around the preferences. */
export type PageHost = {
  client: Client
  root: ShadowRoot
  text: () => Text
  /** Creates further texts in the language of the bell, from English ones. */
  textWith: <Key extends string>(english: Record<Key, Message>) => Text<Key>
  times: () => Times
  locale: () => string
  isSheet: () => boolean
  /** Renders the section about web push in this browser. */
  pushSetting: () => unknown
  back: () => void
  close: () => void
  update: () => void
}

/** Creates the preferences, which replace the list in the panel. */
export const createPreferencesPage = (host: PageHost) => {
  const { client, root, update } = host
  const { preferences } = client
  const failures = new Map<string, Failure>()
  const quietHours = createQuietHoursView(update)
  let isWide = false

  const text: () => PreferencesText = derivedText(host.text, () =>
    host.textWith({ ...PANEL_ENGLISH, ...PREFERENCES_ENGLISH }),
  )
  const save = (id: string, patch: PreferencesPatch, everywhere = false) => {
    failures.delete(id)
    preferences.change(patch, { everywhere }).catch((error: CarillonError) => {
      const cause = error.status >= 400 && error.status < 500 ? 'refused' : 'failed'
      failures.set(id, { text: text()(cause), again: () => save(id, patch, everywhere) })
      update()
    })
    update()
  }
  const off = preferences.subscribe(update)
  let hasFailed = false
  const load = () => {
    hasFailed = false
    // Also rejects if the code of the preferences cannot be loaded, which the snapshot does not show.
    preferences.refresh().catch(() => {
      hasFailed = true
      update()
    })
  }
  load()
  const measure = () => {
    const panel = root.querySelector<HTMLElement>('.panel')
    const wide = (panel?.clientWidth ?? 0) >= WIDE_PX
    if (wide === isWide) return
    isWide = wide
    update()
  }
  const sizes = new ResizeObserver(measure)
  const panel = root.querySelector('.panel')
  if (panel) sizes.observe(panel)
  measure()

  const content = () => {
    const { effective, status } = preferences.getSnapshot()
    if (effective) {
      const page: Page = {
        ...{
          effective,
          text: text(),
          times: host.times(),
          locale: host.locale(),
          isWide,
          save,
          now: client.now,
        },
        ...{ isSheet: host.isSheet(), back: host.back, close: host.close },
        failure: (id) => failures.get(id),
      }
      return html`${preferencesBody(page, quietHours)}${host.pushSetting()}`
    }
    if (status !== 'error' && !hasFailed) return skeleton
    return html`
      <div class="empty" role="alert">
        ${icon('alert')}<p>${text()('loadError')}</p><p class="soft">${text()('loadHint')}</p>
        <button class="action" @click=${load}>${text()('tryNow')}</button>
      </div>
    `
  }

  /** Escape goes back to the list, and does not close the panel. */
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    event.stopPropagation()
    host.back()
  }

  return {
    render: () => html`
      <div class="page" tabindex="-1" @keydown=${onKey}>${preferencesHeader({ text: text(), isSheet: host.isSheet(), back: host.back, close: host.close })}
      <div class="prefs" part="preferences" aria-busy=${preferences.getSnapshot().status === 'loading'}>${content()}</div></div>
    `,
    /** Called after each rendering. The padding at the end includes the width of a classic scrollbar. */
    rendered() {
      const scroll = root.querySelector<HTMLElement>('.prefs')
      if (scroll)
        scroll.style.paddingInlineEnd = `calc(20 * var(--_px) - ${scroll.offsetWidth - scroll.clientWidth}px)`
    },
    stop() {
      off()
      sizes.disconnect()
    },
  }
}
export type PreferencesPage = ReturnType<typeof createPreferencesPage>
