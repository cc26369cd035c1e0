import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clusterSettings, startCarillon } from '../rig/carillon.ts'
import { startBareSocketIo } from './bare-socketio.ts'
import { type Bench, cleaningUp } from './bench.ts'
import { clock } from './machine.ts'
import { interleaved, measurement } from './measure.ts'
import { startReceivers } from './receivers.ts'
import { makeTenant } from './tenant.ts'

/** Connections made before the first measurement, so that one-time allocations do not count. */
const FIRST = 1_000
const POLL_MS = 50
const SETTLE_MS = 30_000
const SETTLED_BYTES = 1 << 20

/** Resident memory and the JavaScript heap, bytes. */
type Memory = { resident: number; held: number }

const memoryFile = (dir: string, pid: number | string) => join(dir, `memory-${pid}.json`)

/** Preloaded into a process: on a signal, it collects garbage and writes its memory usage to a file. */
const collector = (dir: string) =>
  `--import=data:text/javascript,${encodeURIComponent(`
    import { renameSync, writeFileSync } from 'node:fs'
    import { setFlagsFromString } from 'node:v8'
    import { runInNewContext } from 'node:vm'
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    const file = ${JSON.stringify(memoryFile(dir, '@'))}.replace('@', process.pid)
    process.on('SIGUSR2', () => {
      collect()
      const { rss, heapUsed, external } = process.memoryUsage()
      writeFileSync(file + '.part', JSON.stringify({ resident: rss, held: heapUsed + external }))
      renameSync(file + '.part', file)
    })
  `)}`

/** Returns the memory after two garbage collections. */
const settled = async (dir: string, pid: number): Promise<Memory> => {
  const file = memoryFile(dir, pid)
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    rmSync(file, { force: true })
    process.kill(pid, 'SIGUSR2')
    for (const until = clock() + SETTLE_MS; !existsSync(file); await sleep(POLL_MS))
      if (clock() > until) throw new Error(`process ${pid} did not write its memory within ${SETTLE_MS} ms`)
    const now = JSON.parse(readFileSync(file, 'utf8')) as Memory
    if (before - now.resident < SETTLED_BYTES) return now
    before = now.resident
  }
}

type Idle = { url: string; pid: number; dir: string }

/** Returns the memory per connection for `count` more connections, bytes. */
const perConnection = ({ url, pid, dir }: Idle, auths: readonly object[], count: number): Promise<Memory> =>
  cleaningUp(async (later) => {
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(url, auths.slice(0, FIRST))
    const before = await settled(dir, pid)
    await receivers.connect(url, auths.slice(FIRST, FIRST + count))
    const after = await settled(dir, pid)
    return {
      resident: (after.resident - before.resident) / count,
      held: (after.held - before.held) / count,
    }
  })

/** Measures the memory per idle connection: a hub against bare Socket.IO. */
export const idle: Bench = async ({ quick, note, modes, print, servers }) => {
  if (!modes.includes('cluster')) return
  return cleaningUp(async (later) => {
    const dir = await mkdtemp(join(tmpdir(), 'carillon-bench-'))
    later(() => rm(dir, { recursive: true, force: true }))
    const connections = quick ? 2_000 : 5_000
    const users = FIRST + connections
    const settings = clusterSettings((await servers()).urls)
    const auths = await (await makeTenant(settings)).auths(users)
    const collecting = { ...settings, CARILLON_LOG_LEVEL: 'warn', NODE_OPTIONS: collector(dir) }

    const hub = () =>
      cleaningUp(async (later) => {
        const { url, pid, kill } = await startCarillon(['hub'], collecting)
        later(kill)
        return perConnection({ url, pid, dir }, auths, connections)
      })
    const bare = () =>
      cleaningUp(async (later) => {
        const { url, pid, auths, stop } = await startBareSocketIo(users, [collector(dir)])
        later(stop)
        return perConnection({ url, pid, dir }, auths(users), connections)
      })
    note(`idle: ${connections} connections`)
    const [ours, theirs] = await interleaved(quick ? 1 : 3, hub, bare)
    const line = (name: string, of: keyof Memory, aim?: string) => {
      const [value, bare] = [ours, theirs].map((rounds) => rounds.map((memory) => memory[of]))
      return measurement(`idle.${name}.${connections}`, 'bytes/connection', value ?? [], bare, aim)
    }
    print([line('resident', 'resident', '≤ 1.3'), line('held', 'held')])
  })
}
