import { setTimeout as sleep } from 'node:timers/promises'
import type { Day, NotificationInput, PlanStep, QuietHours } from '@carillon/schemas'
import { type Bench, type Context, cleaningUp } from './bench.ts'
import { smtpAccount } from './channels.ts'
import { publishAll, sentWhenDue, storingPace, withPeople } from './deliveries.ts'
import { overHttp } from './embedded.ts'
import { type Installation, inEachMode } from './installations.ts'
import { openLoop } from './load.ts'
import { clock, forgetPeak, peakBytes, processorTimer } from './machine.ts'
import { measurement } from './measure.ts'
import { emailOf } from './messages.ts'
import { metricOf, untilMetric } from './metrics.ts'
import { freshId, type Mark, notificationFor, userOf } from './payload.ts'
import { type Receivers, startReceivers } from './receivers.ts'
import { type Sink, startSink } from './sink.ts'

const MINUTE_MS = 60_000
const CONNECTED = 1_000
/** Notifications per second to connected users while windows close. */
const FRESH_RATE = 20
const FRESH_SECONDS = 8
const TICK_MS = 5
/** Windows that are opened to learn how long opening all of them takes. */
const TRIAL = 1_000
const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const CLOSED = 'carillon_windows_closed_total{kind="quiet_hours"}'
const OPENED = 'carillon_windows_opened_total'

const at = (time: number) => new Date(time).toISOString().slice(11, 16)

/** Returns quiet hours that have begun and end at this time (epoch ms), a full minute. */
const quietUntil = (end: number): QuietHours => ({
  timezone: 'UTC',
  days: Object.fromEntries(
    DAYS.map((day) => [day, [[at(end - 6 * 60 * MINUTE_MS), at(end)] as [string, string]]]),
  ),
})

const mailed = (mark: Mark, tenant: string, step: Partial<PlanStep> = {}): NotificationInput => ({
  ...notificationFor(mark, userOf(mark.n)),
  id: freshId(mark, tenant),
  plan: [{ channel: 'email', when: 'always', after: 0, ...step }],
})

/** Opens one window for each of `count` users. Resolves with the windows opened per second. */
const openAll = async (
  installation: Installation,
  { run, count, step }: { run: number; count: number; step?: Partial<PlanStep> },
): Promise<number> => {
  const kind = step ? 'digest' : 'quiet_hours'
  const opened = `${OPENED}{kind="${kind}"}`
  const before = (await metricOf(installation.metrics, opened)) ?? 0
  const start = clock()
  await publishAll(installation, { run, count }, (mark) => mailed(mark, installation.tenant.id, step))
  await untilMetric(installation.metrics, opened, (value = 0) => value - before >= count)
  return (count * 1_000) / (clock() - start)
}

type Closing = {
  opening: number
  closing: number
  sending: number
  peak: number
  cpu: Record<string, number>
  fresh: number
}

/** Opens windows that all close at the end of the same quiet hours, and measures from then on. */
const closeAll = async (
  installation: Installation,
  { sink, receivers, count }: { sink: Sink; receivers: Receivers; count: number },
): Promise<Closing> => {
  const { hub, metrics, tenant, worker, processes } = installation
  const pace = await openAll(installation, { run: 2, count: TRIAL, step: { digest: { window: 86_400 } } })
  await sink.begin()
  const expected = Date.now() + 5_000 + ((1.5 * count) / pace) * 1_000
  const end = Math.ceil(expected / MINUTE_MS) * MINUTE_MS
  await tenant.putDefaults(hub, { quietHours: quietUntil(end) })
  // Dispatchers know the settings within a second.
  await sleep(1_500)
  const opening = await openAll(installation, { run: 3, count })
  if (Date.now() > end) throw new Error(`opening ${count} windows took longer than expected`)
  await sleep(end - Date.now())
  forgetPeak(worker)
  const used = processorTimer(processes)
  const start = clock()
  const rateOf = async (work: Promise<unknown>) => {
    await work
    return (count * 1_000) / (clock() - start)
  }
  const open = { connections: CONNECTED, seconds: FRESH_SECONDS, rate: FRESH_RATE, tickMs: TICK_MS }
  const [closing, sending, fresh] = await Promise.all([
    rateOf(untilMetric(metrics, CLOSED, (value) => value === count)),
    rateOf(sink.until(count)),
    openLoop(overHttp(hub, tenant, processes), receivers, open),
  ])
  const cpu = used(count)
  const { p99 } = fresh.report.latency
  await sink.report(count)
  return { opening, closing, sending, peak: peakBytes(worker), cpu, fresh: p99 }
}

const measure = async (
  { quick, note, print }: Context,
  name: string,
  { installation, sink }: { installation: Installation; sink: Sink },
): Promise<void> => {
  const [few, many] = quick ? [300, 1_500] : [10_000, 100_000]
  return cleaningUp(async (later) => {
    const { hub, tenant, processes } = installation
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(hub, await tenant.auths(CONNECTED))
    const calm = await openLoop(overHttp(hub, tenant, processes), receivers, {
      ...{ connections: CONNECTED, seconds: FRESH_SECONDS, rate: FRESH_RATE, tickMs: TICK_MS },
    })
    note(`${name}: ${few} mails without windows`)
    const pace = await storingPace(installation, 'email')
    const step = { channel: 'email', when: 'unread' } as const
    const due = await sentWhenDue(installation, sink, { run: 1, count: few, step, pace })
    note(`${name}: ${many} windows`)
    const closed = await closeAll(installation, { sink, receivers, count: many })
    print([
      measurement(`${name}.open`, 'windows/s', [closed.opening]),
      measurement(`${name}.close`, 'windows/s', [closed.closing]),
      // Compared with mails that are due at once without having waited in a window.
      measurement(`${name}.sent`, 'messages/s', [closed.sending], [few / due.seconds]),
      measurement(`${name}.peak-rss`, 'MiB', [closed.peak / 2 ** 20]),
      // Compared with the same before the windows close.
      measurement(`${name}.bell-meanwhile.p99`, 'ms', [closed.fresh], [calm.report.latency.p99]),
      ...Object.entries(closed.cpu).map(([process, cpu]) =>
        measurement(`${name}.cpu.${process}`, 'µs/window', [cpu]),
      ),
    ])
  })
}

/** Measures windows of many users that close at the same time, at the end of quiet hours. */
export const windows: Bench = (context) =>
  inEachMode(context, async (mode, raise, later) => {
    const sink = await startSink('smtp')
    later(sink.stop)
    const installation = await raise({
      prepare: withPeople((user) => ({ email: emailOf(user) }), context.quick ? 1_500 : 100_000),
      settings: { CARILLON_ALLOWED_TARGETS: '*' },
    })
    await installation.tenant.putAccount(installation.hub, 'mail', smtpAccount(sink.port))
    return measure(context, `windows.${mode}`, { installation, sink })
  })
