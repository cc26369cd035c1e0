import { itemId } from '@carillon/core/notification/ids'
import type { Store } from '@carillon/core/store/port'
import type { InboxPage } from '@carillon/schemas'
import type { Bench, Context } from './bench.ts'
import { type Installation, inEachMode } from './installations.ts'
import { processorTimer } from './machine.ts'
import { type Measurement, measurement, median } from './measure.ts'
import { TYPE, userOf } from './payload.ts'

/** Number of inboxes of each size, which are requested in turn. */
const INBOXES = 3
const CHUNK = 500
const PAGE = 20
const KEPT_MS = 30 * 86_400_000
/** One item in this many belongs to the rare category. */
const RARE_EVERY = 1_000

type Inbox = { user: string; size: number; token: string }

/** Fills an inbox directly, because dispatchers would take hours. */
const fill = async (store: Store, tenant: string, user: string, size: number) => {
  for (let from = 0; from < size; from += CHUNK)
    await store.inbox.put(
      Array.from({ length: Math.min(CHUNK, size - from) }, (_, index) => {
        const n = from + index
        const now = Date.now()
        const notification = `bench-${user}-${n}`
        const content = {
          ...{ notification, type: TYPE, priority: 'normal' as const, title: 'Grace replied to you' },
          body: `Reply ${n}: yes, the second draft reads much better; one question about the last paragraph.`,
          category: n % RARE_EVERY === 7 ? 'rare' : 'social',
          createdAt: new Date(now).toISOString(),
        }
        return {
          tenant,
          user,
          id: itemId(tenant, notification, user, now),
          content,
          expiresAt: now + KEPT_MS,
        }
      }),
    )
}

const ask = async (hub: string, { token }: Inbox, method: string, path: string, body?: object) => {
  const response = await fetch(`${hub}/v1/inbox${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`)
  return text
}

const page = async (hub: string, inbox: Inbox, query = '') =>
  JSON.parse(await ask(hub, inbox, 'GET', `?limit=${PAGE}${query}`)) as InboxPage

type Sample = { ms: number; cpu: number }

/**
 * Collects the durations of requests by kind and inbox size. `cpu` is the processor time of all processes,
 * µs.
 */
const createSamples = (processes: Installation['processes']) => {
  const samples = new Map<string, Map<number, Sample[]>>()
  const timed = async <T>(name: string, { size }: Inbox, work: () => Promise<T>): Promise<T> => {
    const used = processorTimer(processes)
    const start = performance.now()
    const result = await work()
    const ms = performance.now() - start
    const cpu = Object.values(used(1)).reduce((sum, each) => sum + each, 0)
    const bySize = samples.get(name) ?? new Map<number, Sample[]>()
    samples.set(name, bySize.set(size, [...(bySize.get(size) ?? []), { ms, cpu }]))
    return result
  }
  return { samples, timed }
}

const times = (samples: readonly Sample[] = []) => samples.map(({ ms }) => ms)
const mean = (samples: readonly Sample[] = []) =>
  samples.reduce((sum, { cpu }) => sum + cpu, 0) / samples.length
const p99 = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN

/**
 * Compares each result with the smallest inbox, because the cost of a request should not depend on the inbox
 * size.
 */
const report = (
  name: string,
  samples: ReadonlyMap<string, ReadonlyMap<number, Sample[]>>,
  smallest: number,
): Measurement[] =>
  [...samples].flatMap(([what, bySize]) =>
    [...bySize].flatMap(([size, values]) => {
      const least = bySize.get(smallest)
      const of = `${name}.${what}.${size}`
      return [
        measurement(of, 'ms', times(values), times(least), '≤ 2'),
        measurement(`${of}.p99`, 'ms', [p99(times(values))], [p99(times(least))]),
        measurement(`${of}.cpu`, 'µs/request', [mean(values)], [mean(least)], '≤ 2'),
      ]
    }),
  )

const measure = async (
  { quick, note, print }: Context,
  name: string,
  { hub, processes }: Installation,
  inboxes: readonly Inbox[],
): Promise<void> => {
  const { samples, timed } = createSamples(processes)
  const rounds = quick ? 15 : 60
  note(`${name}: pages and changes`)
  for (const inbox of inboxes) for (let warm = 0; warm < 5; warm++) await page(hub, inbox)
  for (let round = 0; round < rounds; round++)
    for (const inbox of inboxes.filter((_, index) => index % INBOXES === round % INBOXES)) {
      const first = await timed('page', inbox, () => page(hub, inbox))
      await timed('unread-page', inbox, () => page(hub, inbox, '&status=unread'))
      await timed('rare-category', inbox, () => page(hub, inbox, '&category=rare'))
      const unread = first.items.find(({ readAt }) => readAt === null)
      const last = first.items.at(-1)
      if (unread)
        await timed('mark-read', inbox, () => ask(hub, inbox, 'PATCH', `/${unread.id}`, { read: true }))
      if (last) await timed('delete', inbox, () => ask(hub, inbox, 'DELETE', `/${last.id}`))
    }
  note(`${name}: seen-all and read-all`)
  for (const verb of ['seen-all', 'read-all'])
    for (const inbox of inboxes) await timed(verb, inbox, () => ask(hub, inbox, 'POST', `/${verb}`, {}))
  for (let round = 0; round < rounds / INBOXES; round++)
    for (const inbox of inboxes) {
      const { items } = await timed('unread-page-after', inbox, () => page(hub, inbox, '&status=unread'))
      if (items.length > 0) throw new Error(`${inbox.user} has unread items after read-all`)
      await timed('page-after', inbox, () => page(hub, inbox))
    }
  print(report(name, samples, median(inboxes.slice(0, INBOXES).map(({ size }) => size))))
}

/** Measures lists and changes of one user's inbox over HTTP, at several sizes. */
export const inbox: Bench = (context) =>
  inEachMode(context, async (mode, raise) => {
    const sizes = context.quick ? [100, 5_000] : [100, 1_000, 20_000, 100_000]
    const all = sizes.flatMap((size) => Array.from({ length: INBOXES }, () => size))
    context.note(`inbox.${mode}: filling ${all.length} inboxes`)
    const installation = await raise({
      settings: { CARILLON_REQUEST_LIMITS: 'user=off' },
      prepare: async (store, tenant) => {
        for (const [index, size] of all.entries()) await fill(store, tenant, userOf(index), size)
      },
    })
    const auths = (await installation.tenant.auths(all.length)) as { token: string }[]
    const inboxes = all.map((size, index) => ({
      user: userOf(index),
      size,
      token: auths[index]?.token ?? '',
    }))
    return measure(context, `inbox.${mode}`, installation, inboxes)
  })
