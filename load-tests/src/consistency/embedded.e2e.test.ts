import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedEnvironment } from './embedded.ts'
import type { Environment } from './environment.ts'
import { runConsistencyTest } from './run.ts'

const SIZE = { notifications: 3_000, users: 100, members: 5_000, rate: 1_500 }

let environment: Environment
beforeAll(async () => {
  environment = await embeddedEnvironment()
})
afterAll(() => environment?.close())

test.each([
  ['there is no fault', 'none'],
  ['the process is killed', 'process'],
])('one process: no notification is lost, duplicated or misplaced when %s', async (_, fault) => {
  const result = await runConsistencyTest(environment, { ...SIZE, fault, seed: 2 })
  expect(result, JSON.stringify(result, undefined, 2)).toMatchObject({ ok: true, unknown: 0, letters: 0 })
  expect(result.expected).toBeGreaterThan(SIZE.notifications + SIZE.members)
})
