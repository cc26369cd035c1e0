import { isVisible } from '../client/visibility.ts'
import { createTimer } from '../timing/timer.ts'

/** Input is reported at most once in this time, in ms. */
const INPUT_MS = 10_000
/** How long the user may take to switch between tabs, in ms. */
const BETWEEN_MS = 1_000
/** Maximum number of other tabs. */
const TABS_MAX = 50
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart']

/** A tab, and the time until which it counts as in use: 0 if it is hidden. */
export type Present = { tab: string; until: number }

/**
 * Tracks whether the user is active: one of the tabs is visible and had input within `idleMs`. Each tab reports its own state
 * to the others, so that any of them can lead. Outside a browser, the user is always active.
 */
export const createPresence = (
  idleMs: number,
  post: (present: Present) => void,
  onChange: (active: boolean) => void,
  signal: AbortSignal,
) => {
  const tab = String(Math.random())
  const tabs = new Map<string, number>()
  const timer = createTimer()
  let active = true

  const check = (between = 0) => {
    const now = Date.now()
    for (const [name, until] of tabs) if (until <= now || tabs.size > TABS_MAX) tabs.delete(name)
    const until = Math.max(now + between, ...tabs.values())
    if (until > now) timer.set(check, until - now)
    if (active === until > now) return
    active = !active
    onChange(active)
  }
  const heard = ({ tab: name, until }: Present) => {
    tabs.set(name, until)
    check(BETWEEN_MS)
  }
  const tell = () => {
    const present = { tab, until: isVisible() ? Date.now() + idleMs : 0 }
    post(present)
    heard(present)
  }
  let toldAt = 0
  const onInput = () => {
    if (active && Date.now() - toldAt < INPUT_MS) return
    toldAt = Date.now()
    tell()
  }

  if (globalThis.document) {
    for (const event of INPUTS)
      globalThis.addEventListener(event, onInput, { capture: true, passive: true, signal })
    for (const event of ['visibilitychange', 'pageshow', 'pagehide'])
      globalThis.addEventListener(event, tell, { signal })
    signal.addEventListener('abort', timer.clear)
    tell()
  }

  return {
    heard,
    /** Reports the state of this tab to the others again. */
    tell: () => post({ tab, until: tabs.get(tab) ?? 0 }),
    isActive: () => active,
  }
}
