/**
 * Measures Carillon against the bare parts it stands on.
 *
 *     npm run bench [-- --quick] [--json] [--only NAME] [--mode channel|embedded|cluster]
 *
 * Exits with 1 when anything that was accepted did not arrive.
 * @module
 */
import { inspect, parseArgs } from 'node:util'
import { raiseWorld } from '../rig/world.ts'
import { type Bench, type Context, MODES, type Servers } from './bench.ts'
import { channels } from './channels.ts'
import { cluster } from './cluster.ts'
import { embedded } from './embedded.ts'
import { fallbacks } from './fallbacks.ts'
import { fanout } from './fanout.ts'
import { idle } from './idle.ts'
import { describeMachine } from './machine.ts'
import type { Measurement } from './measure.ts'
import { LossError, shown } from './measure.ts'
import { otp } from './otp.ts'

const BENCHES: Record<string, Bench> = {
  ...{ embedded, cluster, fanout, idle },
  ...channels,
  ...{ fallbacks, otp },
}
const USAGE = `usage: npm run bench -- [--quick] [--json] [--only ${Object.keys(BENCHES).join('|')}] [--mode ${MODES.join('|')}]`

class UsageError extends Error {}

const note = (line: string) => process.stderr.write(`${line}\n`)
const say = (line: string) => process.stdout.write(`${line}\n`)

const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(6)))

const asJson = ({ name, value, unit, baseline, ratio }: Measurement) =>
  JSON.stringify({
    ...{ name, value: rounded(value), unit },
    ...{ baseline: rounded(baseline), ratio: rounded(ratio) },
  })

const table = (measurements: readonly Measurement[]) => {
  const rows = [
    ['', 'value', 'unit', 'bare', 'ratio', 'aim', 'spread'],
    ...measurements.map(({ name, value, unit, baseline, ratio, aim = '', spread = '' }) => [
      ...[name, shown(value), unit],
      ...[baseline === null ? '' : shown(baseline), ratio === null ? '' : ratio.toFixed(2), aim, spread],
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const cell = (text: string, column: number) => {
    const width = widths[column] ?? 0
    return [1, 3, 4].includes(column) ? text.padStart(width) : text.padEnd(width)
  }
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n')
}

/** The named servers, or a world that is raised when the first bench asks for it. */
const serverProvider = () => {
  const {
    CARILLON_NATS_URL: nats,
    CARILLON_REDIS_URL: redis,
    CARILLON_CASSANDRA_URL: cassandra,
  } = process.env
  let world: ReturnType<typeof raiseWorld> | undefined
  const servers = async (): Promise<Servers> => {
    if (nats && redis && cassandra) return { urls: { nats, redis, cassandra }, processes: {} }
    if (!world) note('raising NATS, Redis and Cassandra')
    world ??= raiseWorld()
    const raised = await world
    const { urls } = raised
    return {
      urls,
      processes: { nats: raised.nats.pid, redis: raised.redis.pid, cassandra: raised.cassandra.pid },
    }
  }
  return { servers, stop: async () => (await world)?.stop() }
}

const run = async () => {
  const { values } = parseArgs({
    options: {
      ...{ quick: { type: 'boolean' }, json: { type: 'boolean' } },
      ...{ only: { type: 'string' }, mode: { type: 'string' } },
    },
  })
  const { quick = false, json = false, only } = values
  const mode = MODES.find((each) => each === values.mode)
  if (values.mode !== undefined && !mode)
    throw new UsageError(`there is no mode ${JSON.stringify(values.mode)}\n${USAGE}`)
  const names = only === undefined ? Object.keys(BENCHES) : [only]
  const machine = describeMachine()
  const tell = json ? note : say
  tell(machine.line)
  const provider = serverProvider()
  const context: Context = { quick, mode, note, servers: provider.servers }
  const measurements: Measurement[] = []
  try {
    for (const name of names) {
      const bench = BENCHES[name]
      if (!bench) throw new UsageError(`there is no bench ${JSON.stringify(name)}\n${USAGE}`)
      const found = await bench(context)
      if (json) for (const each of found) say(asJson(each))
      measurements.push(...found)
    }
  } finally {
    await provider.stop()
    if (!json && measurements.length > 0) say(`\n${table(measurements)}\n`)
    tell(`${machine.steal()}${quick ? '; quick: short rounds and small audiences' : ''}`)
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
try {
  await run()
} catch (error) {
  const expected = error instanceof LossError || error instanceof UsageError
  note(`bench: ${expected ? error.message : inspect(error)}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
