import type { EffectivePreferences, PreferencesPatch } from '@carillon/schemas'
import { describe, expect, it } from 'vitest'
import { CarillonError } from '../http/error.ts'
import type { Request } from '../http/request.ts'
import { until } from '../testing/until.ts'
import { applied } from './apply-patch.ts'
import { lazyPreferences, type Preferences } from './lazy.ts'
import { createPreferences } from './preferences.ts'

const choice = (value: boolean | 'daily', rest = {}) => ({ value, by: 'system', locked: false, ...rest })
const channels = (rest = {}) =>
  ({ inbox: choice(true), email: choice(true), ...rest }) as EffectivePreferences['types'][number]['channels']
const GRID: EffectivePreferences = {
  ...{ muted: false, digest: { hour: 9, day: 'mon' }, by: { digest: 'system' }, timezone: 'UTC' },
  ...{ channels: ['inbox', 'email'], topics: ['post-7'], types: [] },
  categories: [
    {
      key: '__proto__',
      channels: channels(),
      types: [
        { key: 'a', channels: channels() },
        { key: 'b', channels: channels({ email: choice(true, { by: 'user', path: 'types.b.email' }) }) },
      ],
    },
    { key: 'billing', channels: channels({ email: choice(true, { locked: true }) }), types: [] },
  ],
}
const OFF = { categories: { ['__proto__']: { email: false } } } satisfies PreferencesPatch

/** Creates preferences over a server in memory. */
const open = (context?: string) => {
  const sent: string[] = []
  const changed = new Set<() => void>()
  let grid = GRID
  const server = {
    sent,
    refuses: (_method: string): boolean => false,
    ignores: (_path: string): boolean => false,
    set: (next: EffectivePreferences) => {
      grid = next
    },
    tell: () => {
      for (const run of changed) run()
    },
  }
  const request = async (method: string, path: string, body?: unknown) => {
    sent.push(`${method} ${path}`)
    if (server.refuses(method)) throw new CarillonError('forbidden', 'not today', { status: 403 })
    if (method === 'PATCH' && !server.ignores(path)) grid = applied(grid, body as PreferencesPatch)
    return grid
  }
  const onChanged = (run: () => void) => {
    changed.add(run)
    return () => changed.delete(run)
  }
  return { server, preferences: createPreferences({ request: request as Request, context, onChanged }) }
}
const ready = ({ status }: { status: string }) => status === 'ready'
const email = (snapshot: { effective: EffectivePreferences | undefined }) =>
  snapshot.effective?.categories[0]?.channels.email.value

describe('preferences', () => {
  it.each([
    ['refreshed', async (preferences: Preferences) => preferences.refresh()],
    ['changed', async (preferences: Preferences) => preferences.change({ muted: true })],
  ])('can be read after they were %s, without a subscription', async (_, act) => {
    const lazy = lazyPreferences(async () => open().preferences)
    expect(lazy.getSnapshot()).toEqual({ effective: undefined, status: 'loading', error: null })
    await act(lazy)
    expect(lazy.getSnapshot()).toMatchObject({ status: 'ready', effective: { timezone: 'UTC' } })
  })

  it('show a change at once, and undo it when the hub refuses it', async () => {
    const { server, preferences } = open()
    await until(preferences, ready)
    server.refuses = (method) => method === 'PATCH'
    const saved = preferences.change(OFF)
    expect(email(preferences.getSnapshot())).toBe(false)
    await expect(saved).rejects.toMatchObject({ code: 'forbidden' })
    expect(email(preferences.getSnapshot())).toBe(true)
    server.refuses = () => false
    await preferences.change(OFF)
    expect(email(preferences.getSnapshot())).toBe(false)
  })

  it('keep a saved change even if they cannot be read after it', async () => {
    const { server, preferences } = open()
    await until(preferences, ready)
    server.refuses = (method) => method === 'GET'
    await preferences.change(OFF)
    expect(email(preferences.getSnapshot())).toBe(false)
  })

  it('follow other devices while there is a subscriber', async () => {
    const { server, preferences } = open()
    const off = preferences.subscribe(() => {})
    await until(preferences, ready)
    server.set({ ...GRID, muted: true })
    server.tell()
    await until(preferences, ({ effective }) => effective?.muted === true)
    off()
    const before = server.sent.length
    server.tell()
    expect(server.sent).toHaveLength(before)
  })

  it('send changes in order, one at a time', async () => {
    const { server, preferences } = open()
    await until(preferences, ready)
    server.sent.length = 0
    await Promise.all([preferences.change(OFF), preferences.change({ muted: true })])
    expect(server.sent).toEqual([
      ...['PATCH /preferences', 'GET /preferences/effective'],
      ...['PATCH /preferences', 'GET /preferences/effective'],
    ])
  })

  it('remove a value in general, too, if it is still in effect in the context', async () => {
    const { server, preferences } = open('org/7')
    await until(preferences, ready)
    const general = '/preferences?context='
    // Another document is paused, too.
    server.ignores = (path) => path !== general
    server.set({ ...GRID, muted: true })
    server.sent.length = 0
    await preferences.change({ muted: null }, { everywhere: true })
    const own = ['PATCH /preferences?context=org%2F7', 'GET /preferences/effective?context=org%2F7']
    expect(server.sent).toEqual([...own, `PATCH ${general}`, own[1]])
    expect(preferences.getSnapshot().effective?.muted).toBe(false)
    server.sent.length = 0
    await preferences.change({ muted: null }, { everywhere: true })
    expect(server.sent).toEqual(own)
  })
})

describe('a patch', () => {
  it('changes a category and the types without a choice of their own, but nothing that is locked', () => {
    const next = applied(GRID, OFF)
    expect(next.categories[0]?.types.map((type) => type.channels.email.value)).toEqual([false, true])
    const all = applied(GRID, { categories: { billing: { all: false } } })
    expect(all.categories[1]?.channels).toMatchObject({ email: { value: true }, inbox: { value: false } })
    expect(GRID.categories[0]?.channels.email.value).toBe(true)
  })

  it('changes pause, digest, quiet hours and topics', () => {
    const days = { mon: [['22:00', '07:00']] as [string, string][] }
    const next = applied(GRID, {
      ...{ muted: true, snoozedUntil: '2026-12-01T09:00:00Z', digest: { hour: 7 }, quietHours: { days } },
      topics: { 'post-7': null, 'post-8': false },
    })
    expect(next).toMatchObject({
      ...{ muted: true, snoozedUntil: '2026-12-01T09:00:00Z', digest: { hour: 7, day: 'mon' } },
      ...{ quietHours: { days }, topics: ['post-8'] },
    })
    const without = applied(next, { muted: null, snoozedUntil: null, quietHours: null })
    expect([without.muted, without.snoozedUntil, without.quietHours]).toEqual([false, undefined, undefined])
  })
})
