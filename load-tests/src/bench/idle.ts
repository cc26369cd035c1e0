import { setTimeout as sleep } from 'node:timers/promises'
import { startCarillon, startCluster } from '../rig/carillon.ts'
import { startBareSocketIo } from './bare-socketio.ts'
import { type Bench, cleaningUp } from './bench.ts'
import { residentBytes } from './machine.ts'
import { interleaved, measurement } from './measure.ts'
import { startReceivers } from './receivers.ts'
import { makeTenant } from './tenant.ts'

/** Connections made before the first look, so that what is needed only once does not count. */
const FIRST = 500
const SETTLE_MS = 300
const SETTLED_BYTES = 1 << 20

/** Loaded into a process before its own code: it collects its garbage when told to. */
const COLLECT_ON_SIGNAL = `--import=data:text/javascript,${encodeURIComponent(`
  import { setFlagsFromString } from 'node:v8'
  import { runInNewContext } from 'node:vm'
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  process.on('SIGUSR2', () => collect())
`)}`

/** What stays resident when the garbage is gone. */
const settled = async (pid: number): Promise<number> => {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    process.kill(pid, 'SIGUSR2')
    await sleep(SETTLE_MS)
    const now = residentBytes(pid)
    if (before - now < SETTLED_BYTES) return now
    before = now
  }
}

type Idle = { url: string; pid: number }

/** Resident bytes for each of `count` further connections. */
const perConnection = ({ url, pid }: Idle, auths: readonly object[], count: number) =>
  cleaningUp(async (later) => {
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(url, auths.slice(0, FIRST))
    const before = await settled(pid)
    await receivers.connect(url, auths.slice(FIRST, FIRST + count))
    return ((await settled(pid)) - before) / count
  })

/** Memory that a connection costs while nothing happens: a hub against bare Socket.IO. */
export const idle: Bench = async ({ quick, note, servers }) => {
  const connections = quick ? 2_000 : 5_000
  const users = FIRST + connections
  const { settings } = await startCluster({ hubs: 0, dispatchers: 0, urls: (await servers()).urls })
  const auths = await (await makeTenant(settings)).auths(users)
  const collecting = { ...settings, CARILLON_LOG_LEVEL: 'warn', NODE_OPTIONS: COLLECT_ON_SIGNAL }

  const hub = () =>
    cleaningUp(async (later) => {
      const server = await startCarillon(['hub'], collecting)
      later(server.kill)
      return perConnection(server, auths, connections)
    })
  const bare = () =>
    cleaningUp(async (later) => {
      const server = await startBareSocketIo(users, [COLLECT_ON_SIGNAL])
      later(server.stop)
      return perConnection(server, server.auths(users), connections)
    })
  note(`idle: ${connections} connections`)
  const [ours, theirs] = await interleaved(quick ? 1 : 3, hub, bare)
  return [measurement(`idle.memory.${connections}`, 'bytes/connection', ours, theirs, '≤ 1.3')]
}
