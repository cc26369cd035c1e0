import { startHttpSocketIo } from './bare-socketio.ts'
import { type Context, noteDuplicates } from './bench.ts'
import { startEmbedded } from './embedded.ts'
import { createSentCounts, openLoop, type Round, requestLoop, type Target } from './load.ts'
import { interleaved } from './measure.ts'
import type { Mark } from './payload.ts'
import { startReceivers } from './receivers.ts'
import { overRequests, publishing, type To } from './requests.ts'
import { checkInboxes } from './tenant.ts'

/** The number of connected users. */
const USERS = 500
const TOPIC = 'everyone'
const TICK_MS = 1
const [CARILLON, BARE] = ['carillon', 'bare']

/** One notification per request, to one user or to everybody, in `inFlight` concurrent sequences of requests. */
export type Work = { name: string; toAll: boolean; inFlight: number }

type Contender = { name: string; target: Target; connections: number }

type Measured = { name: string; connections: number; rounds: Round[] }

/** The rounds of a contender, and those of the baseline that were interleaved with them. */
export type Compared = Measured & { bare: Measured }

/** Returns the name of a result: Carillon's is the name of the bench, and that of a rival ends with its name. */
export const resultName = (result: string, { name }: Measured): string =>
  name === CARILLON ? result : `${result}.${name}`

type Later = (undo: () => unknown) => void

/**
 * Starts Carillon in one process, Socket.IO behind the same HTTP without storage, and connects the same users to each and to
 * the rivals.
 */
export const startContenders = async (
  later: Later,
  { name, toAll, inFlight }: Work,
  { note, rivals }: Pick<Context, 'note' | 'rivals'>,
) => {
  const to: To = toAll ? { topic: TOPIC } : { users: USERS }
  const { server, tenant } = await startEmbedded(later)
  const socketIo = await startHttpSocketIo(TOPIC)
  later(socketIo.stop)
  const receivers = await startReceivers()
  later(receivers.stop)

  const carillon: Contender = {
    ...{ name: CARILLON, connections: USERS },
    target: await overRequests(later, {
      ...{ url: server.url, processes: { [CARILLON]: server.pid }, inFlight },
      requestFor: publishing(to, tenant.apiKey),
    }),
  }
  await receivers.connect(server.url, await tenant.auths(USERS))
  if (toAll) await tenant.join(server.url, TOPIC, 0, USERS)

  const baseline: Contender = {
    ...{ name: BARE, connections: USERS },
    target: await overRequests(later, {
      ...{ url: socketIo.url, processes: { [BARE]: socketIo.pid }, inFlight },
      requestFor: publishing(to),
    }),
  }
  await receivers.connect(socketIo.url, socketIo.auths(USERS))

  const others: Contender[] = []
  for (const rival of rivals) {
    const connections = rival.connections(USERS)
    const requestFor = toAll ? rival.toAll : (mark: Mark) => rival.toUser(mark, connections)
    if (!requestFor) continue
    const { url, processes } = rival
    others.push({
      ...{ name: rival.name, connections },
      target: await overRequests(later, { url, processes, inFlight, requestFor }),
    })
    await receivers.subscribe(Array.from({ length: connections }, (_, user) => rival.subscription(user)))
  }

  const { sent, counted } = createSentCounts()
  /** Runs rounds of all contenders, interleaved. */
  const compare = async (
    rounds: number,
    round: (contender: Contender) => Promise<Round>,
  ): Promise<Compared[]> => {
    const ours = () => counted(round(carillon))
    const all = [baseline, carillon, ...others]
    const turns = all.map((each) => (each === carillon ? ours : () => round(each)))
    const found = await interleaved<Round[]>(rounds, ...turns)
    const [bare, ...rest] = all.map(
      ({ name, connections }, index): Measured => ({ name, connections, rounds: found[index] ?? [] }),
    )
    noteDuplicates(note, name, rest[0]?.rounds ?? [])
    return bare ? rest.map((each) => ({ ...each, bare })) : []
  }
  return {
    /** Measures the rate with concurrent requests. */
    rates: (rounds: number, seconds: number) =>
      compare(rounds, ({ target, connections }) => {
        const window = 2_000 * (toAll ? connections / 50 : 1)
        return requestLoop(target, receivers, { connections, seconds, inFlight, window, toAll })
      }),
    /** Measures at the rate of each contender, in requests per second, whatever the responses. */
    atRates: (rounds: number, seconds: number, rateOf: (name: string) => number) =>
      compare(rounds, ({ name, target, connections }) => {
        const open = { connections, seconds, rate: rateOf(name), tickMs: TICK_MS, toAll }
        return openLoop(target, receivers, open)
      }),
    /** Checks that what Carillon accepted is stored exactly once. */
    checkStored: async () => {
      if (!toAll) await checkInboxes(tenant, server.url, USERS, sent)
    },
  }
}
