import type { NotificationInput, PlanStep } from '@carillon/schemas'
import { type Bench, type Context, latencies, noteDuplicates } from './bench.ts'
import { smtpAccount } from './channels.ts'
import { trustSink, withPeople } from './deliveries.ts'
import { type Installation, inEachMode } from './installations.ts'
import { createSentCounts, openLoop, type Round } from './load.ts'
import { measurement } from './measure.ts'
import { emailOf, subscriptionOf } from './messages.ts'
import { type Mark, notificationFor, userOf } from './payload.ts'
import { startReceivers } from './receivers.ts'
import { overRequests } from './requests.ts'
import { type Sink, startSink } from './sink.ts'
import { checkInboxes, type Prepare } from './tenant.ts'

/** The number of connected users. Each has an address and a browser, too. */
const USERS = 1_000
const IN_FLIGHT = 64
const TICK_MS = 5
/** Ten million notifications a day, per second. */
const RATE = 116
const BURST = 10
/** One of this many notifications has a step on the channel. */
const EVERY = { email: 10, push: 5 } as const

const hasStep = ({ n }: Pick<Mark, 'n'>, channel: keyof typeof EVERY) => n % EVERY[channel] === 1

const planOf = (mark: Mark): PlanStep[] =>
  (['email', 'push'] as const).flatMap((channel) =>
    hasStep(mark, channel) ? [{ channel, when: 'always' as const, after: 0 }] : [],
  )

/** E-mails differ only in their titles. */
const bodyFor = (mark: Mark): NotificationInput => ({
  ...notificationFor(mark, userOf(mark.n % USERS)),
  title: `Grace replied to you (${mark.run}.${mark.n})`,
  plan: planOf(mark),
})

const stepsIn = (rounds: readonly Round[], channel: keyof typeof EVERY) =>
  rounds.reduce(
    (sum, { sent }) =>
      sum + Array.from({ length: sent }, (_, n) => n).filter((n) => hasStep({ n }, channel)).length,
    0,
  )

const prepare =
  (port: number): Prepare =>
  async (store, tenant) => {
    await withPeople((user) => ({ email: emailOf(user) }), USERS)(store, tenant)
    for (let n = 0; n < USERS; n++) {
      const device = { kind: 'web-push' as const, ...subscriptionOf(userOf(n), port) }
      await store.devices.put(tenant, userOf(n), { id: 'browser', device, createdAt: Date.now() })
    }
  }

const measure = async (
  { quick, note, print }: Context,
  name: string,
  { installation, mail, push }: { installation: Installation; mail: Sink; push: Sink },
  later: (undo: () => unknown) => void,
): Promise<void> => {
  const { hub, tenant, processes } = installation
  const receivers = await startReceivers()
  later(receivers.stop)
  await receivers.connect(hub, await tenant.auths(USERS))
  const headers = { authorization: `Bearer ${tenant.apiKey}` }
  const target = await overRequests(later, {
    ...{ url: hub, processes: { ...processes, mail: mail.pid, push: push.pid }, inFlight: IN_FLIGHT },
    requestFor: (mark) => ({
      ...{ method: 'POST', path: '/v1/notifications', headers },
      body: JSON.stringify(bodyFor(mark)),
    }),
  })
  const { sent, counted } = createSentCounts()
  await Promise.all([mail.begin(), push.begin()])
  const phase = (label: string, rate: number, seconds: number) => {
    note(`${name}: ${label}, ${rate} a second for ${seconds} s`)
    return counted(openLoop(target, receivers, { connections: USERS, seconds, rate, tickMs: TICK_MS }))
  }
  const calm = quick ? 18 : 270
  const before = await phase('before the burst', RATE, calm)
  const burst = await phase('burst', RATE * BURST, quick ? 4 : 60)
  const after = await phase('after the burst', RATE, calm)
  const rounds = [before, burst, after]
  const [mails, pushes] = [stepsIn(rounds, 'email'), stepsIn(rounds, 'push')]
  await Promise.all([mail.until(mails), push.until(pushes)])
  await Promise.all([mail.report(mails), push.report(pushes)])
  await checkInboxes(tenant, hub, USERS, sent)
  noteDuplicates(note, name, rounds)
  const total = rounds.reduce((sum, each) => sum + each.sent, 0)
  print([
    ...latencies(`${name}.burst`, [burst], [], { p99: '< 1000 ms' }),
    ...latencies(`${name}.calm`, [before, after], [], { p99: '< 100 ms' }),
    measurement(`${name}.received`, 'notifications', [total]),
    measurement(`${name}.mails`, 'messages', [mails]),
    measurement(`${name}.pushes`, 'messages', [pushes]),
    ...Object.keys(burst.cpu).flatMap((process) =>
      [
        { label: 'burst', some: [burst] },
        { label: 'calm', some: [before, after] },
      ].map(({ label, some }) =>
        measurement(
          `${name}.${label}.cpu.${process}`,
          'µs/notification',
          some.map(({ cpu }) => cpu[process] ?? Number.NaN),
        ),
      ),
    ),
  ])
}

/**
 * Measures the load of ten million notifications a day for ten minutes, of which one has ten times that rate, while mail and push
 * steps are sent: the time from publishing one notification to its bell. A phase begins when all bells of the one before have
 * rung. Lost or repeated messages fail the bench, on every way.
 */
export const day: Bench = (context) =>
  inEachMode(context, async (mode, raise, later) => {
    const [mail, push] = await Promise.all([startSink('smtp'), startSink('push')])
    later(mail.stop)
    later(push.stop)
    const settings = { ...(await trustSink(push, later)), CARILLON_ALLOWED_TARGETS: '*' }
    const installation = await raise({ prepare: prepare(push.port), settings })
    const { hub, tenant } = installation
    await tenant.putAccount(hub, 'mail', smtpAccount(mail.port))
    const origins = [`https://127.0.0.1:${push.port}`]
    await tenant.putAccount(hub, 'browsers', { provider: 'web-push', config: { origins } })
    await measure(context, `day.${mode}`, { installation, mail, push }, later)
  })
