import type { Bench } from './bench.ts'
import { smtpAccount } from './channels.ts'
import { sentWhenDue, storingPace, withPeople } from './deliveries.ts'
import { type Installation, inEachMode } from './installations.ts'
import { forgetPeak, peakBytes, residentBytes } from './machine.ts'
import { measurement } from './measure.ts'
import { emailOf } from './messages.ts'
import { type Sink, startSink } from './sink.ts'

const MOMENTS = ['start', 'peak', 'end'] as const
/** Messages per second, and the resident memory of the sending process over time, bytes. */
type Drain = Record<'rate' | (typeof MOMENTS)[number], number>

/** Measures the fallbacks of `count` unread notifications that are all due at once. */
const drain = async (
  installation: Installation,
  sink: Sink,
  { run, count }: { run: number; count: number },
): Promise<Drain> => {
  const pace = await storingPace(installation, 'email')
  const { worker } = installation
  let start = 0
  const onDue = () => {
    start = residentBytes(worker)
    forgetPeak(worker)
  }
  const step = { channel: 'email' as const, when: 'unread' as const }
  const { seconds } = await sentWhenDue(installation, sink, { run, count, step, pace, onDue })
  return { rate: count / seconds, start, peak: peakBytes(worker), end: residentBytes(worker) }
}

/** Measures the rate and memory of e-mails that are all due at once because the items are unread. */
export const fallbacks: Bench = (context) =>
  inEachMode(context, async (mode, raise, later) => {
    const sink = await startSink('smtp')
    later(sink.stop)
    const installation = await raise({
      prepare: withPeople((user) => ({ email: emailOf(user) })),
      settings: { CARILLON_ALLOWED_TARGETS: '*' },
    })
    await installation.tenant.putAccount(installation.hub, 'mail', smtpAccount(sink.port))
    const name = `fallbacks.${mode}`
    const [few, many] = context.quick ? [300, 1_000] : [10_000, 100_000]
    context.note(`${name}: ${few}`)
    const small = await drain(installation, sink, { run: 1, count: few })
    context.note(`${name}: ${many}`)
    const large = await drain(installation, sink, { run: 2, count: many })
    context.print([
      measurement(`${name}.rate.${few}`, 'messages/s', [small.rate]),
      measurement(`${name}.rate.${many}`, 'messages/s', [large.rate]),
      // Compared with the smaller number: memory should not depend on the number of fallbacks.
      ...MOMENTS.map((moment) =>
        measurement(
          `${name}.rss.${moment}.${many}`,
          'MiB',
          [large[moment] / 2 ** 20],
          [small[moment] / 2 ** 20],
          'flat',
        ),
      ),
    ])
  })
