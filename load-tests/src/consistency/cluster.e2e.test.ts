import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needing } from '../rig/needs.ts'
import { clusterStage } from './cluster.ts'
import { prove } from './run.ts'
import type { Stage } from './stage.ts'

const SIZE = { notifications: 3_000, users: 100, members: 5_000, rate: 1_500 }
const { title, skip } = needing('a cluster', 'nats', 'redis', 'java', 'cassandra')

describe.skipIf(skip)(title, () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await clusterStage()
  })
  afterAll(() => stage?.close())

  test.each([
    ['nothing goes wrong', 'none'],
    ['a hub and a dispatcher are killed', 'workers'],
    ['Redis is killed and comes back empty', 'redis'],
    ['only those who give Redis commands are cut off from it', 'commands'],
    ['NATS is killed and comes back', 'nats'],
    ['Cassandra is stopped and started', 'cassandra'],
  ])('loses, doubles and misplaces nothing when %s', async (_, fault) => {
    const proof = await prove(stage, { ...SIZE, fault, seed: 1 })
    expect(proof, JSON.stringify(proof, undefined, 2)).toMatchObject({
      ok: true,
      unknown: expect.any(Number),
    })
    expect(proof.expected).toBeGreaterThan(SIZE.notifications + SIZE.members)
    if (fault === 'none') expect(proof).toMatchObject({ unknown: 0, liveMissed: 0 })
    if (stage.faults.get(fault)?.apiStands) expect(proof.duringFault).toEqual({ 202: 20 })
  })
})
