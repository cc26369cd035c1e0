import { setTimeout as sleep } from 'node:timers/promises'
import type { Histogram } from 'hdr-histogram-js'
import type { Bench } from './bench.ts'
import { smtpAccount } from './channels.ts'
import { withPeople } from './deliveries.ts'
import { newHistogram, recordMs } from './histogram.ts'
import { type Installation, inEachMode } from './installations.ts'
import { pendingWork } from './load.ts'
import { clock } from './machine.ts'
import { type Measurement, measurement } from './measure.ts'
import { emailOf } from './messages.ts'
import { notificationFor, userOf } from './payload.ts'
import { type Sink, startSink } from './sink.ts'
import type { AccountInput, Prepare } from './tenant.ts'

/** The rate of one-time passwords, alternately by SMS and e-mail. */
const EVERY_MS = 100
const CHUNK = 1_000

type Channel = 'sms' | 'email'
/** A request for a one-time password, and the key by which the sink recognizes it. */
type Wish = { channel: Channel; address: string; at: number }

const topicOf = (members: number) => `all-${members}`

const smsAccount = (port: number): AccountInput => ({
  provider: 'twilio',
  config: {
    ...{ accountSid: `AC${'0'.repeat(32)}`, authToken: 'bench', from: '+15005550006' },
    baseUrl: `http://127.0.0.1:${port}`,
  },
})

/** Creates users, and a topic for each audience size. */
const audiences =
  (...sizes: number[]): Prepare =>
  async (store, tenant) => {
    await withPeople((user) => ({ email: emailOf(user) }), Math.max(...sizes))(store, tenant)
    for (const size of sizes)
      for (let from = 0; from < size; from += CHUNK) {
        const users = Array.from({ length: Math.min(CHUNK, size - from) }, (_, n) => userOf(from + n))
        await store.topics.add(tenant, topicOf(size), users)
      }
  }

/** Requests one-time passwords at a fixed rate until stopped, each for another user. */
const askUntil = async ({ hub, tenant }: Installation, run: number, over: () => boolean): Promise<Wish[]> => {
  const calls = pendingWork()
  const wishes: Wish[] = []
  const start = clock()
  while (!over()) {
    const n = wishes.length
    const at = start + n * EVERY_MS
    if (at > clock()) await sleep(at - clock())
    const channel = n % 2 === 0 ? 'sms' : 'email'
    const user = `otp-${run}-${n}`
    const address = channel === 'sms' ? `+1555${run}${100_000 + n}` : `${user}@people.example`
    wishes.push({ channel, address, at })
    const to = { user, [channel === 'sms' ? 'phone' : 'email']: address }
    calls.add(tenant.sendOtp(hub, { to, channel }))
    calls.check()
  }
  await calls.done()
  return wishes
}

/** Returns the latency from the scheduled request to the receipt by the provider, µs. */
const latencies = async (sink: Sink, wishes: readonly Wish[], prefix: string): Promise<Histogram> => {
  const histogram = newHistogram()
  const times = new Map([...(await sink.timesOf(prefix))].map(([key, at]) => [key.split(' ')[0], at]))
  for (const { address, at } of wishes) recordMs(histogram, (times.get(address) ?? Number.NaN) - at)
  return histogram
}

type Sinks = { mail: Sink; sms: Sink }
type Blast = { run: number; members: number }

/** Sends e-mails to an audience, and requests one-time passwords until all are sent. */
const behind = async (installation: Installation, { mail, sms }: Sinks, { run, members }: Blast) => {
  const { hub, tenant } = installation
  await Promise.all([mail.begin(), sms.begin()])
  const start = clock()
  await tenant.send(hub, {
    ...notificationFor({ run, n: 0, at: start }, { topic: topicOf(members) }),
    plan: [{ channel: 'email', when: 'always' }],
  })
  let over = false
  const blast = mail.until(members).finally(() => {
    over = true
  })
  const [wishes] = await Promise.all([askUntil(installation, run, () => over), blast])
  const seconds = (clock() - start) / 1_000
  const of = (channel: Channel) => wishes.filter((wish) => wish.channel === channel)
  const [byMail, bySms] = [of('email'), of('sms')]
  await mail.until(members + byMail.length)
  await sms.until(bySms.length)
  await mail.report(members + byMail.length)
  await sms.report(bySms.length)
  return {
    rate: members / seconds,
    sms: await latencies(sms, bySms, '+1555'),
    email: await latencies(mail, byMail, 'otp-'),
  }
}

const lines = (name: string, histogram: Histogram): Measurement[] => {
  const line = (what: string, µs: number, aim?: string) =>
    measurement(`${name}.${what}`, 'ms', [µs / 1_000], [], aim)
  return [
    line('p50', histogram.getValueAtPercentile(50)),
    line('p99', histogram.getValueAtPercentile(99), '≤ 2,000'),
    line('max', histogram.maxValue),
  ]
}

/** Measures the latency of one-time passwords while e-mails to a large audience are sent. */
export const otp: Bench = (context) =>
  inEachMode(context, async (mode, raise, later) => {
    const [few, many] = context.quick ? [300, 1_000] : [20_000, 200_000]
    const name = `otp.${mode}`
    const [mail, sms] = await Promise.all([startSink('smtp'), startSink('sms')])
    later(() => Promise.all([mail.stop(), sms.stop()]))
    const settings = { CARILLON_ALLOWED_TARGETS: '*' }
    const installation = await raise({ prepare: audiences(few, many), settings })
    const { hub, tenant } = installation
    await tenant.putAccount(hub, 'mail', smtpAccount(mail.port))
    await tenant.putAccount(hub, 'sms', smsAccount(sms.port))

    context.note(`${name}: warming up`)
    await behind(installation, { mail, sms }, { run: 1, members: few })
    context.note(`${name}: during ${many} e-mails`)
    const found = await behind(installation, { mail, sms }, { run: 2, members: many })
    context.print([
      measurement(`${name}.blast`, 'messages/s', [found.rate]),
      ...lines(`${name}.sms`, found.sms),
      ...lines(`${name}.email`, found.email),
    ])
  })
