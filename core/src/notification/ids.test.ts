import { expect, test } from 'vitest'
import { derivedUuid7, itemId, notificationIdAt, timeOfId, uuid7Time } from './ids.ts'

const at = Date.parse('2026-01-31T09:00:00.123Z')

test('an item id is a deterministic UUIDv7 with the time of acceptance', () => {
  const id = itemId('acme', 'n1', 'u1', at)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(uuid7Time(id)).toBe(at)
  expect(itemId('acme', 'n1', 'u1', at)).toBe(id)
})

test('an item id depends on tenant, notification and user', () => {
  const ids = [
    itemId('acme', 'n1', 'u1', at),
    itemId('other', 'n1', 'u1', at),
    itemId('acme', 'n2', 'u1', at),
    itemId('acme', 'n1', 'u2', at),
  ]
  expect(new Set(ids).size).toBe(4)
})

test('ids sort by time', () => {
  expect(derivedUuid7(at, 'z') < derivedUuid7(at + 1, 'a')).toBe(true)
})

test('the time in an id is trusted only near the time of acceptance', () => {
  const id = notificationIdAt({ sequence: 7, appendedAt: at })
  expect(timeOfId(id, at)).toBe(at)
  expect(timeOfId(id, at + 30 * 60_000)).toBe(at)
  expect(timeOfId(id, at + 2 * 3_600_000)).toBeUndefined()
  expect(timeOfId(id, at - 2 * 60_000)).toBeUndefined()
  expect(timeOfId('order-17', at)).toBeUndefined()
})
