import type { InboxPage } from '@carillon/schemas'
import type { KeepAlive } from './keep-alive.ts'
import { processorTimer } from './machine.ts'
import { type Measurement, measurement } from './measure.ts'

const PAGE = 20
/** Requests of a burst that reads, and changes of a burst. */
const READS = 20
const CHANGES = 5

/** A server with inboxes: Carillon, or the baseline. */
export type Side = { http: KeepAlive; processes: Record<string, number> }

/** An inbox of `size` items, and the credentials of its user. */
export type Inbox = { size: number; token: string }

/** The duration of every request, and the processor time of all processes, both in ms. */
type Times = { ms: number[]; cpu: number }

/** The times of a side, by kind of request and size of the inbox. */
export type Samples = Map<string, Map<number, Times>>

/** Returns the requests of a user. Each adds its times to `samples`. */
const asking = ({ http, processes }: Side, { token, size }: Inbox, samples: Samples) => {
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (method: string, path: string, body?: object) => {
    const { status, text } = await http.request({
      ...{ method, path: `/v1/inbox${path}`, headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (status > 299) throw new Error(`${method} ${path} responded with ${status}: ${text.slice(0, 300)}`)
    return text
  }
  const timesOf = (kind: string): Times => {
    const bySize = samples.get(kind) ?? new Map<number, Times>()
    const times = bySize.get(size) ?? { ms: [], cpu: 0 }
    samples.set(kind, bySize.set(size, times))
    return times
  }
  /** Runs the requests one after another. Returns the last response. */
  const burst = async (kind: string, works: readonly (() => Promise<string>)[]): Promise<string> => {
    const times = timesOf(kind)
    const used = processorTimer(processes)
    let last = ''
    for (const work of works) {
      const start = performance.now()
      last = await work()
      times.ms.push(performance.now() - start)
    }
    times.cpu += Object.values(used(1)).reduce((sum, each) => sum + each, 0) / 1_000
    return last
  }
  const reads = (kind: string, path: string, count = READS) =>
    burst(
      kind,
      Array.from({ length: count }, () => () => ask('GET', path)),
    )
  const page = async (kind: string, query = '') =>
    JSON.parse(await reads(kind, `?limit=${PAGE}${query}`)) as InboxPage
  return { ask, burst, reads, page }
}

/** Reads pages and counts, marks some unread items as read, and deletes some. */
export const readAndChange = async (side: Side, inbox: Inbox, samples: Samples): Promise<void> => {
  const { ask, burst, reads, page } = asking(side, inbox, samples)
  await page('page')
  await page('category', '&category=rare')
  await reads('counts', '/counts')
  const { items } = await page('unread-page', '&status=unread')
  const ids = items.map(({ id }) => id)
  const marked = ids.slice(0, CHANGES)
  const deleted = ids.slice(CHANGES, CHANGES + 2)
  await burst(
    'mark-read',
    marked.map((id) => () => ask('PATCH', `/${id}`, { read: true })),
  )
  await burst(
    'delete',
    deleted.map((id) => () => ask('DELETE', `/${id}`)),
  )
}

/** Marks all as read. Then there is no unread item, and a page is read again. */
export const readAll = async (side: Side, inbox: Inbox, samples: Samples): Promise<void> => {
  const { ask, burst, page } = asking(side, inbox, samples)
  await burst('read-all', [() => ask('POST', '/read-all', {})])
  const { items } = await page('unread-page-after', '&status=unread')
  if (items.length > 0) throw new Error(`an inbox of ${inbox.size} items has unread items after read-all`)
  await page('page-after')
}

/** Too few requests, compared with the resolution of processor time, give no result. */
const CPU_REQUESTS_MIN = 20

const cpuOf = ({ ms, cpu }: Times) =>
  ms.length < CPU_REQUESTS_MIN || cpu === 0 ? [] : [(cpu * 1_000) / ms.length]

/** Compares each kind and size with the baseline. */
export const inboxResults = (name: string, ours: Samples, bare: Samples): Measurement[] =>
  [...ours].flatMap(([kind, bySize]) =>
    [...bySize].flatMap(([size, times]) => {
      const other = bare.get(kind)?.get(size) ?? { ms: [], cpu: 0 }
      const result = `${name}.${kind}.${size}`
      const cpu = cpuOf(times)
      return [
        measurement(result, 'ms', times.ms, other.ms),
        ...(cpu.length > 0 ? [measurement(`${result}.cpu`, 'µs/request', cpu, cpuOf(other))] : []),
      ]
    }),
  )
