import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needing } from '../rig/needs.ts'
import { clusterEnvironment } from './cluster.ts'
import type { Environment } from './environment.ts'
import { runConsistencyTest } from './run.ts'

const SIZE = { notifications: 3_000, users: 100, members: 5_000, rate: 1_500 }
const { title, skip } = needing('a cluster', 'nats', 'redis', 'java', 'cassandra')

describe.skipIf(skip)(title, () => {
  let environment: Environment
  beforeAll(async () => {
    environment = await clusterEnvironment()
  })
  afterAll(() => environment?.close())

  test.each([
    ['there is no fault', 'none'],
    ['a hub and a dispatcher are killed', 'workers'],
    ['Redis is killed and restarts empty', 'redis'],
    ['command connections to Redis are closed', 'commands'],
    ['NATS is killed and restarts', 'nats'],
    ['Cassandra is stopped and restarts', 'cassandra'],
  ])('no notification is lost, duplicated or misplaced when %s', async (_, fault) => {
    const result = await runConsistencyTest(environment, { ...SIZE, fault, seed: 1 })
    expect(result, JSON.stringify(result, undefined, 2)).toMatchObject({
      ok: true,
      unknown: expect.any(Number),
    })
    expect(result.expected).toBeGreaterThan(SIZE.notifications + SIZE.members)
    if (fault === 'none') expect(result).toMatchObject({ unknown: 0, liveMissed: 0 })
    if (environment.faults.get(fault)?.apiAvailable) expect(result.duringFault).toEqual({ 202: 20 })
  })
})
