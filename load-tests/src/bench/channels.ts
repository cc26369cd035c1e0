import type { Channel } from '@carillon/schemas'
import { type Bench, type Context, cleaningUp, processorTime, rates } from './bench.ts'
import { type Calls, startChild } from './child.ts'
import {
  type Order,
  type Sent,
  sentAtOnce,
  sentWhenDue,
  storingPace,
  trustSink,
  withPeople,
} from './deliveries.ts'
import { type Installation, inEachMode } from './installations.ts'
import { processorTimer } from './machine.ts'
import { interleaved, measurement } from './measure.ts'
import { emailOf, FROM, PEOPLE, subscriptionOf, WEBHOOK_SECRET } from './messages.ts'
import { userOf } from './payload.ts'
import type { SenderApi } from './sender-child.ts'
import { type Sink, startSink } from './sink.ts'
import type { SinkKind } from './sink-child.ts'
import type { AccountInput, Prepare } from './tenant.ts'

/** A channel: the Carillon configuration for it, and the bare library to compare with. */
type Way = {
  channel: Channel
  sink: SinkKind
  account(port: number): AccountInput
  prepare(port: number): Prepare
  /** The module of a child process that executes an `Order`. */
  bare: URL
  /** The factor by which a round of the channel alone is longer, so that it takes about a second. */
  swiftness: number
  /** The target for Carillon's rate ÷ the bare rate. */
  aim: string
}

const SENDER = new URL('./sender-child.ts', import.meta.url)

type Later = (undo: () => unknown) => void
type Rounds = (run: number, count: number) => Promise<Sent>

/** Starts a sender in its own process, which sends to the sink. */
type Sending = Calls & { send(order: Order): Promise<void> }

const startSending = async <Api extends Sending>(file: URL, name: string, sink: Sink, later: Later) => {
  const child = await startChild<Api>(file, [], await trustSink(sink, later))
  later(child.stop)
  const rounds: Rounds = async (run, count) => {
    await sink.begin()
    const used = processorTimer({ [name]: child.pid, sink: sink.pid })
    await child.call('send', { port: sink.port, run, count } as Parameters<Api['send']>[0])
    await sink.until(count)
    const cpu = used(count)
    return { rate: (await sink.report(count)).rate, cpu }
  }
  return { child, rounds }
}

const countFor = ({ quick }: Context) => (quick ? 500 : 20_000)
const turnsFor = ({ quick }: Context) => (quick ? 1 : 5)

/** Measures a channel alone against the bare library, with the same messages and the same sink. */
const alone = (context: Context, name: string, way: Way): Promise<void> =>
  cleaningUp(async (later) => {
    const sink = await startSink(way.sink)
    later(sink.stop)
    const carillon = await startSending<SenderApi>(SENDER, 'channel', sink, later)
    await carillon.child.call('open', { account: way.account(sink.port), channel: way.channel })
    const bare = await startSending(way.bare, 'bare', sink, later)
    const count = countFor(context) * way.swiftness
    let run = 0
    const turns = [() => carillon.rounds(++run, count), () => bare.rounds(++run, count)] as const
    context.note(`${name}: rate`)
    await interleaved(1, ...turns)
    const [ours, theirs] = await interleaved(turnsFor(context), ...turns)
    context.print([
      measurement(`${name}.rate`, 'messages/s', rates(ours), rates(theirs), way.aim),
      ...processorTime(name, ours, { rounds: theirs, name: 'channel', process: 'bare' }),
    ])
  })

/**
 * Measures messages per second from the log to the provider, against the bare library with the same messages and the same
 * sink; and also from the API to the provider.
 */
const installed = async (
  context: Context,
  name: string,
  { channel, aim }: Way,
  { sink, bare, ...raised }: Installation & { sink: Sink; bare: Rounds },
): Promise<void> => {
  const { worker, processes } = raised
  const installation = { ...raised, processes: { ...processes, sink: sink.pid } }
  const count = countFor(context)
  let run = 0
  const concurrency = () => sentAtOnce(installation, sink, { run: ++run, count, channel })
  const plainly = () => bare(++run, count)

  context.note(`${name}: warming up`)
  await interleaved(1, concurrency, plainly)
  const pace = await storingPace(installation, channel)
  const step = { channel, when: 'always' as const }
  const due = () => sentWhenDue(installation, sink, { run: ++run, count, step, pace })
  context.note(`${name}: rate`)
  const [ours, fromApi, theirs] = await interleaved(turnsFor(context), due, concurrency, plainly)
  const [sender] = Object.entries(processes).find(([, pid]) => pid === worker) ?? ['']
  context.print([
    measurement(`${name}.rate`, 'messages/s', rates(ours), rates(theirs), aim),
    measurement(`${name}.rate.from-api`, 'messages/s', rates(fromApi), rates(theirs)),
    ...processorTime(name, ours, { rounds: theirs, name: sender, process: 'bare' }),
  ])
}

const benchOf =
  (name: string, way: Way): Bench =>
  async (context) => {
    if (context.modes.includes('channel')) await alone(context, `${name}.channel`, way)
    await inEachMode(context, async (mode, raise, later) => {
      const sink = await startSink(way.sink)
      later(sink.stop)
      const settings = { ...(await trustSink(sink, later)), CARILLON_ALLOWED_TARGETS: '*' }
      const installation = await raise({ prepare: way.prepare(sink.port), settings })
      await installation.tenant.putAccount(installation.hub, name, way.account(sink.port))
      const { rounds: bare } = await startSending(way.bare, 'bare', sink, later)
      await installed(context, `${name}.${mode}`, way, { ...installation, sink, bare })
    })
  }

export const smtpAccount = (port: number): AccountInput => ({
  provider: 'smtp',
  config: { host: '127.0.0.1', port, tls: 'none', from: FROM },
})

/** E-mail against nodemailer with a tuned pool, web push against web-push, signed webhooks against unsigned undici requests. */
const WAYS: Record<string, Way> = {
  smtp: {
    channel: 'email',
    sink: 'smtp',
    account: smtpAccount,
    prepare: () => withPeople((user) => ({ email: emailOf(user) })),
    bare: new URL('./baselines/nodemailer.ts', import.meta.url),
    swiftness: 1,
    aim: '≥ 0.7',
  },
  'web-push': {
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
    bare: new URL('./baselines/web-push.ts', import.meta.url),
    swiftness: 1,
    aim: '≥ 2',
  },
  webhook: {
    channel: 'webhook',
    sink: 'webhook',
    account: (port) => ({
      provider: 'webhook',
      config: { url: `http://127.0.0.1:${port}/hook`, secrets: [WEBHOOK_SECRET] },
    }),
    prepare: () => async () => {},
    bare: new URL('./baselines/undici.ts', import.meta.url),
    swiftness: 10,
    aim: '≥ 0.6',
  },
}

export const channels: Record<string, Bench> = Object.fromEntries(
  Object.entries(WAYS).map(([name, way]) => [name, benchOf(name, way)]),
)
