import { type Bench, type Context, cleaningUp } from './bench.ts'
import { smtpAccount } from './channels.ts'
import { publishAll, withPeople } from './deliveries.ts'
import { type Installation, inEachMode } from './installations.ts'
import { clock, forgetPeak, peakBytes, processorTimer } from './machine.ts'
import { measurement } from './measure.ts'
import { emailOf } from './messages.ts'
import { metricOf, untilMetric } from './metrics.ts'
import { freshId, notificationFor, userOf } from './payload.ts'
import { type Sink, startSink } from './sink.ts'

/** A digest closes early when it has this many members. */
const MEMBERS = 10_000
const CLOSED = 'carillon_windows_closed_total{kind="digest"}'

const measure = async (
  print: Context['print'],
  name: string,
  { installation, sink }: { installation: Installation; sink: Sink },
): Promise<void> => {
  const { metrics, tenant, worker, processes } = installation
  await sink.begin()
  const before = (await metricOf(metrics, CLOSED)) ?? 0
  forgetPeak(worker)
  const used = processorTimer(processes)
  const start = clock()
  await publishAll(installation, { run: 1, count: MEMBERS }, (mark) => ({
    ...notificationFor(mark, userOf(0)),
    id: freshId(mark, tenant.id),
    plan: [{ channel: 'email', when: 'always', after: 0, digest: { window: 86_400 } }],
  }))
  await untilMetric(metrics, CLOSED, (value = 0) => value > before)
  const closed = clock()
  await sink.until(1)
  const sent = clock()
  const cpu = used(MEMBERS)
  print([
    measurement(`${name}.join`, 'members/s', [(MEMBERS * 1_000) / (closed - start)]),
    measurement(`${name}.close`, 's', [(sent - closed) / 1_000]),
    measurement(`${name}.peak-rss`, 'MiB', [peakBytes(worker) / 2 ** 20]),
    ...Object.entries(cpu).map(([process, each]) =>
      measurement(`${name}.cpu.${process}`, 'µs/member', [each]),
    ),
  ])
}

/** Measures a digest of 10,000 notifications to one person: how fast they join it, and how long it takes to leave. */
export const digest: Bench = (context) =>
  inEachMode(context, (mode, raise) =>
    cleaningUp(async (later) => {
      const sink = await startSink('smtp')
      later(sink.stop)
      const installation = await raise({
        prepare: withPeople((user) => ({ email: emailOf(user) }), 1),
        settings: { CARILLON_ALLOWED_TARGETS: '*' },
      })
      await installation.tenant.putAccount(installation.hub, 'mail', smtpAccount(sink.port))
      const name = `digest.${mode}`
      context.note(`${name}: ${MEMBERS} members`)
      await measure(context.print, name, { installation, sink })
    }),
  )
