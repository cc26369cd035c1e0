import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPresence, type Present } from './presence.ts'

const IDLE_MS = 300_000
let page: EventTarget & { visibilityState: string }
let closing: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  closing = new AbortController()
  vi.stubGlobal('document', page)
  for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const)
    vi.stubGlobal(name, page[name].bind(page))
})
afterEach(() => {
  closing.abort()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** Opens a tab, and records its changes and its reports to other tabs. */
const tab = () => {
  const changes: boolean[] = []
  const posted: Present[] = []
  const presence = createPresence(
    IDLE_MS,
    (present) => posted.push(present),
    (active) => changes.push(active),
    closing.signal,
  )
  return { presence, changes, posted }
}
const show = (visibilityState: string) => {
  page.visibilityState = visibilityState
  page.dispatchEvent(new Event('visibilitychange'))
}

describe('the presence of the user', () => {
  it('ends five minutes after the last input, and is back with the next one', () => {
    const { presence, changes } = tab()
    expect(presence.isActive()).toBe(true)
    vi.advanceTimersByTime(200_000)
    page.dispatchEvent(new Event('keydown'))
    vi.advanceTimersByTime(IDLE_MS - 1)
    expect(presence.isActive()).toBe(true)
    vi.advanceTimersByTime(1)
    expect(presence.isActive()).toBe(false)
    page.dispatchEvent(new Event('pointermove'))
    expect(changes).toEqual([false, true])
  })

  it('ends a second after the page is hidden, so that switching tabs does not end it', () => {
    const { changes } = tab()
    show('hidden')
    vi.advanceTimersByTime(999)
    expect(changes).toEqual([])
    vi.advanceTimersByTime(1)
    expect(changes).toEqual([false])
    show('visible')
    expect(changes).toEqual([false, true])
  })

  it('lasts while any of the tabs is active', () => {
    const { presence, changes } = tab()
    show('hidden')
    presence.heard({ tab: 'other', until: Date.now() + IDLE_MS })
    vi.advanceTimersByTime(IDLE_MS - 1)
    expect(changes).toEqual([])
    presence.heard({ tab: 'other', until: 0 })
    vi.advanceTimersByTime(1_000)
    expect(changes).toEqual([false])
  })

  it('is reported to other tabs at most every ten seconds', () => {
    const { posted } = tab()
    for (let count = 0; count < 1_000; count++) {
      vi.advanceTimersByTime(20)
      page.dispatchEvent(new Event('pointermove'))
    }
    expect(posted).toHaveLength(3)
  })

  it('is assumed outside a browser', () => {
    vi.stubGlobal('document', undefined)
    const { presence, changes } = tab()
    vi.advanceTimersByTime(10 * IDLE_MS)
    expect([presence.isActive(), changes]).toEqual([true, []])
  })
})
