import { expect, test } from 'vitest'
import { untilSteady } from './until-steady.ts'

/** Runs rounds of 2 s that have the given rates; returns how many there were. */
const roundsOf = async (...rates: number[]) => {
  let now = 0
  let rounds = 0
  await untilSteady(
    async () => {
      now += 2_000
      return rates[rounds++] ?? 0
    },
    20_000,
    () => now,
  )
  return rounds
}

test('rounds end once one is hardly faster than the one before', async () => {
  expect(await roundsOf(100, 150, 200, 205, 400)).toBe(4)
  expect(await roundsOf(200, 100, 400)).toBe(2)
})

test('rounds end after the limit, however much faster they become', async () => {
  expect(await roundsOf(...Array.from({ length: 50 }, (_, round) => 2 ** round))).toBe(10)
})
