import type { Channel } from '@carillon/schemas'
import { type Bench, type Context, processorTime, rates } from './bench.ts'
import { startChild } from './child.ts'
import { type Installation, inEachMode } from './installations.ts'
import { processorTimer } from './machine.ts'
import { interleaved, type Measurement, measurement, median } from './measure.ts'
import { emailOf, FROM, PEOPLE, subscriptionOf, WEBHOOK_SECRET } from './messages.ts'
import { type Place, type Sent, sentAtOnce, sentWhenDue, setupFor, withPeople } from './outreach.ts'
import { userOf } from './payload.ts'
import { type Sink, startSink } from './sink.ts'
import type { SinkKind } from './sink-child.ts'
import type { AccountInput, Prepare } from './tenant.ts'

/** A way to reach people: how Carillon is set up for it, and the bare library that does the same. */
type Way = {
  name: string
  channel: Channel
  sink: SinkKind
  account(port: number): AccountInput
  prepare(port: number): Prepare
  /** The file of a child process that sends a `Place`. */
  bare: string
  /** What Carillon's rate ÷ the bare one's is meant to be. */
  aim: string
}

type Bare = { send(place: Place): Promise<void> }

/** Rounds of the bare library, in a process of its own, to the same sink. */
const startBare = async (file: string, sink: Sink, later: (undo: () => unknown) => void) => {
  const child = await startChild<Bare>(new URL(`./baselines/${file}`, import.meta.url))
  later(child.stop)
  const { port, ca } = sink
  return async (run: number, count: number): Promise<Sent> => {
    await sink.begin()
    const used = processorTimer({ bare: child.pid, sink: sink.pid })
    await child.call('send', { port, ca, run, count })
    await sink.until(count)
    const cpu = used(count)
    return { rate: (await sink.report(count)).rate, cpu }
  }
}

/**
 * Messages a second by one channel, from the log to the provider, against the bare library that sends the same to the
 * same sink; and with all that goes before, from the API on.
 */
const measure = async (
  { quick, note }: Context,
  name: string,
  { channel, aim }: Way,
  parts: { installation: Installation; sink: Sink; bare: (run: number, count: number) => Promise<Sent> },
): Promise<Measurement[]> => {
  const { sink, bare } = parts
  const { processes } = parts.installation
  const installation = { ...parts.installation, processes: { ...processes, sink: sink.pid } }
  const count = quick ? 3_000 : 20_000
  let run = 0
  const atOnce = () => sentAtOnce(installation, sink, { run: ++run, count, channel })
  const plainly = () => bare(++run, count)

  note(`${name}: warming up`)
  const [first] = await interleaved(1, atOnce, plainly)
  const pace = median(rates(first)) / 2
  const due = () =>
    sentWhenDue(installation, sink, { run: ++run, count, step: { channel, when: 'always' }, pace })
  note(`${name}: rate`)
  const [ours, fromApi, theirs] = await interleaved(quick ? 3 : 5, due, atOnce, plainly)
  return [
    measurement(`${name}.rate`, 'messages/s', rates(ours), rates(theirs), aim),
    measurement(`${name}.rate.from-api`, 'messages/s', rates(fromApi), rates(theirs)),
    ...processorTime(name, ours, { rounds: theirs, name: worker(processes), process: 'bare' }),
  ]
}

const worker = (processes: Record<string, number>) => ('dispatcher' in processes ? 'dispatcher' : 'carillon')

const benchOf =
  (way: Way): Bench =>
  (context) =>
    inEachMode(context, async (mode, raise, later) => {
      const sink = await startSink(way.sink)
      later(sink.stop)
      const installation = await raise(await setupFor(sink, way.prepare(sink.port), later))
      await installation.tenant.putAccount(installation.hub, way.name, way.account(sink.port))
      const bare = await startBare(way.bare, sink, later)
      return measure(context, `${way.name}.${mode}`, way, { installation, sink, bare })
    })

export const smtpAccount = (port: number): AccountInput => ({
  provider: 'smtp',
  config: { host: '127.0.0.1', port, tls: 'none', from: FROM },
})

/** Mails, against a tuned pool of nodemailer's. */
export const smtp = benchOf({
  name: 'smtp',
  channel: 'email',
  sink: 'smtp',
  account: smtpAccount,
  prepare: () => withPeople((user) => ({ email: emailOf(user) })),
  bare: 'nodemailer.ts',
  aim: '≥ 0.7',
})

/** Messages to browsers, against web-push. */
export const webPush = benchOf({
  name: 'web-push',
  channel: 'push',
  sink: 'push',
  account: (port) => ({ provider: 'web-push', config: { origins: [`https://127.0.0.1:${port}`] } }),
  prepare:
    (port) =>
    async ({ devices }, tenant) => {
      for (let n = 0; n < PEOPLE; n++) {
        const device = { kind: 'web-push' as const, ...subscriptionOf(userOf(n), port) }
        await devices.put(tenant, userOf(n), { id: 'browser', device, createdAt: Date.now() })
      }
    },
  bare: 'web-push.ts',
  aim: '≥ 2',
})

/** Webhooks, signed, against requests of undici's that are not. */
export const webhook = benchOf({
  name: 'webhook',
  channel: 'webhook',
  sink: 'webhook',
  account: (port) => ({
    provider: 'webhook',
    config: { url: `http://127.0.0.1:${port}/hook`, secrets: [WEBHOOK_SECRET] },
  }),
  prepare: () => async () => {},
  bare: 'undici.ts',
  aim: '≥ 0.6',
})
