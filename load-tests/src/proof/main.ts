/**
 * The proofs at full size: real servers, a seeded workload, a fault in the middle, and everything there is held
 * against what was promised. Exits with 1 when a promise is broken.
 *
 *     npm run proof -- [--notifications 50000] [--users 1000] [--members 100000] [--rate 4000] [--seed 1]
 *                      [--fault none|workers|redis|commands|nats|cassandra|embedded|process|restarts|all] [--logs]
 *
 * `embedded` and `process` run `carillon dev`: without a fault, and with a kill -9 in the middle. `restarts` restarts the
 * hubs of a cluster ten times in turn behind the shipped proxy, under load.
 * @module
 */
import { parseArgs } from 'node:util'
import { clusterStage } from './cluster.ts'
import { embeddedStage } from './embedded.ts'
import { FAILINGS } from './ledger.ts'
import { type Proof, prove } from './prove.ts'
import { restartsOfCluster } from './restarts.ts'
import type { Stage } from './stage.ts'

const CLUSTER = ['none', 'workers', 'redis', 'commands', 'nats', 'cassandra']
const EMBEDDED = ['embedded', 'process']
const RESTARTS = 'restarts'
const RESTART_COUNT = 10

const say = (line = '') => process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    notifications: { type: 'string', default: '50000' },
    users: { type: 'string', default: '1000' },
    members: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    fault: { type: 'string', default: 'all' },
    logs: { type: 'boolean', default: false },
  },
})

const number = (name: 'notifications' | 'users' | 'members' | 'rate' | 'seed') => {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0`)
  return value
}

const COLUMNS = [
  ['fault', 10],
  ['verdict', 8],
  ['rows', 9],
  ...FAILINGS.map((failing) => [failing, failing.length + 2] as const),
  ['letters', 9],
  ['no answer', 11],
  ['live missed', 13],
  ['twice', 7],
  ['publish s', 11],
  ['work s', 8],
  ['agree s', 9],
  ['API meanwhile', 0],
] as const

const line = (cells: readonly unknown[]) =>
  say(cells.map((cell, index) => String(cell).padEnd(COLUMNS[index]?.[1] ?? 0)).join(''))

const report = (fault: string, proof: Proof) => {
  const { failings, took } = proof
  line([
    ...[
      fault,
      proof.ok ? 'held' : 'BROKEN',
      proof.rows,
      ...FAILINGS.map((failing) => failings[failing].count),
    ],
    ...[proof.letters, proof.unknown, proof.liveMissed, proof.liveRepeated],
    ...[took.publishing, took.working, took.agreeing],
    Object.entries(proof.duringFault)
      .map(([status, times]) => `${status}×${times}`)
      .join(' '),
  ])
  for (const failing of FAILINGS)
    for (const example of failings[failing].examples) say(`  ${failing}: ${example}`)
}

const run = async (faults: string[], raise: () => Promise<Stage>): Promise<boolean> => {
  if (faults.length === 0) return true
  const stage = await raise()
  let held = true
  try {
    for (const fault of faults) {
      const proof = await prove(stage, {
        fault: fault === 'embedded' ? 'none' : fault,
        seed: number('seed'),
        notifications: number('notifications'),
        users: number('users'),
        members: number('members'),
        rate: number('rate'),
        note: (line) => process.stderr.write(`  … ${fault}: ${line}\n`),
      })
      report(fault, proof)
      held &&= proof.ok
    }
  } finally {
    if (values.logs) for (const line of stage.logs()) process.stderr.write(`${line}\n`)
    await stage.close()
  }
  return held
}

const runRestarts = async (): Promise<boolean> => {
  if (!wanted.includes(RESTARTS)) return true
  const { restarts, requests, reconnections, seconds, failed, unclean, misplaced } = await restartsOfCluster({
    restarts: RESTART_COUNT,
    note: (line) => process.stderr.write(`  … ${RESTARTS}: ${line}\n`),
  })
  const failures = [
    ...Object.entries(failed).map(([what, times]) => `failed ${times} times: ${what}`),
    ...unclean,
    ...misplaced.map((item) => `lost or doubled: ${item}`),
  ]
  const held = failures.length === 0
  say(
    `${RESTARTS}  ${held ? 'held' : 'BROKEN'}  ${restarts} restarts in ${seconds} s, ${requests} requests, ${reconnections} reconnections`,
  )
  for (const failure of failures) say(`  ${failure}`)
  return held
}

const ALL = [...CLUSTER, ...EMBEDDED, RESTARTS]
const wanted = values.fault === 'all' ? ALL : values.fault.split(',')
const unknown = wanted.find((fault) => !ALL.includes(fault))
if (unknown !== undefined) throw new Error(`there is no fault ${unknown}; there are ${ALL.join(', ')}`)
const pick = (some: string[]) => wanted.filter((fault) => some.includes(fault))
if (pick([...CLUSTER, ...EMBEDDED]).length > 0) {
  say(
    `${values.notifications} notifications to ${values.users} users, a topic of ${values.members}, seed ${values.seed}`,
  )
  line(COLUMNS.map(([name]) => name))
}
const clustered = await run(pick(CLUSTER), clusterStage)
const embedded = await run(pick(EMBEDDED), embeddedStage)
const restarts = await runRestarts()
// A Cassandra that went down under its driver leaves it with a timer for it, also once it is shut down.
process.exit(clustered && embedded && restarts ? 0 : 1)
