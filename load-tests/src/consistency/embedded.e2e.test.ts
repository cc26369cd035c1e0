import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedStage } from './embedded.ts'
import { prove } from './run.ts'
import type { Stage } from './stage.ts'

const SIZE = { notifications: 3_000, users: 100, members: 5_000, rate: 1_500 }

let stage: Stage
beforeAll(async () => {
  stage = await embeddedStage()
})
afterAll(() => stage?.close())

test.each([
  ['nothing goes wrong', 'none'],
  ['the process is killed', 'process'],
])('one process loses, doubles and misplaces nothing when %s', async (_, fault) => {
  const proof = await prove(stage, { ...SIZE, fault, seed: 2 })
  expect(proof, JSON.stringify(proof, undefined, 2)).toMatchObject({ ok: true, unknown: 0, letters: 0 })
  expect(proof.expected).toBeGreaterThan(SIZE.notifications + SIZE.members)
})
