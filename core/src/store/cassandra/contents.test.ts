import { expect, test } from 'vitest'
import { cassandraContents } from './contents.ts'
import type { Session, Statement } from './session.ts'

/** Creates contents over a session that records the writes. `fail.next` fails one write. */
const recorded = () => {
  const written: Statement[] = []
  const fail = { next: false }
  const session = {
    table: (name: string) => name,
    write: async (statements: Statement[]) => {
      if (fail.next) {
        fail.next = false
        throw new Error('unavailable')
      }
      written.push(...statements)
    },
  } as unknown as Session
  return { written, fail, contents: cassandraContents(session, 86_400_000) }
}

const NOW = Date.now()
const HOUR_MS = 3_600_000

test('writes content once, unless it has to be kept longer', async () => {
  const { written, contents } = recorded()
  const put = (until: number) => contents.put('acme', 'n1', '{"title":"Hi"}', NOW, until)
  await put(NOW + HOUR_MS)
  await put(NOW + HOUR_MS)
  await put(NOW)
  expect(written).toHaveLength(1)
  await put(NOW + 2 * HOUR_MS)
  expect(written).toHaveLength(2)
})

test('writes a different content, notification, tenant or time of acceptance', async () => {
  const { written, contents } = recorded()
  const until = NOW + HOUR_MS
  await contents.put('acme', 'n1', '1', NOW, until)
  await contents.put('acme', 'n1', '2', NOW, until)
  await contents.put('acme', 'n2', '1', NOW, until)
  await contents.put('globex', 'n1', '1', NOW, until)
  await contents.put('acme', 'n1', '1', NOW + 1, until)
  expect(written).toHaveLength(5)
})

test('writes content again if the first write failed', async () => {
  const { written, fail, contents } = recorded()
  fail.next = true
  await expect(contents.put('acme', 'n1', '1', NOW, NOW + HOUR_MS)).rejects.toThrow('unavailable')
  await contents.put('acme', 'n1', '1', NOW, NOW + HOUR_MS)
  expect(written).toHaveLength(1)
})
