import type { InboxContent } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../sqlite/database.ts'
import { playInbox } from '../contract/inbox-model.ts'
import { freshOwner, sampleItem, seeded } from '../contract/samples.ts'
import type { InboxQuery } from '../ports/inbox.ts'
import { sqliteInboxRows } from '../sqlite/inbox.ts'
import { migrate } from '../sqlite/migrations.ts'
import { sqliteSession } from '../sqlite/session.ts'
import { createInbox } from './inbox.ts'
import type { Limits } from './limits.ts'

const SMALL: Limits = {
  rows: 60,
  count: 4,
  singly: 3,
  marks: 5,
  candidates: 6,
  dead: { log: 5, hint: 2 },
  revivals: 4,
  callMs: 5,
}

const open = async () => {
  const database = openDatabase(':memory:')
  await migrate(database)
  return { rows: sqliteInboxRows(sqliteSession(database)), close: database.close }
}

describe('with small limits', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    'marks, hints and revivals match the model (seed %i)',
    async (seed) => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
      const { rows, close } = await open()
      const used = [vi.spyOn(rows, 'putMark'), vi.spyOn(rows, 'putHint'), vi.spyOn(rows, 'addRevivals')]
      const owner = freshOwner()
      await playInbox(createInbox(rows, SMALL), owner, seeded(seed), {
        rounds: 10,
        steps: 25,
        most: 20,
        countMax: SMALL.count,
      })
      for (const part of used) expect(part).toHaveBeenCalled()
      await close()
    },
  )
})

describe('a grouped list', () => {
  /** Counts the reads of a page. */
  const readsOf = async (content: { group?: InboxContent['group'] }, query: Partial<InboxQuery>) => {
    const { rows, close } = await open()
    const inbox = createInbox(rows)
    const owner = freshOwner()
    await inbox.put(Array.from({ length: 300 }, () => sampleItem(owner, content)))
    const [log, items] = [vi.spyOn(rows, 'log'), vi.spyOn(rows, 'items')]
    await inbox.pageWithCounts(owner, { status: 'active', limit: 20, ...query })
    const { next } = await inbox.page(owner, { status: 'active', limit: 20, ...query })
    if (next) await inbox.page(owner, { status: 'active', limit: 20, before: next, ...query })
    await close()
    return [log.mock.calls.length, items.mock.calls.length]
  }

  test('reads nothing more if no item has a group', async () => {
    expect(await readsOf({}, { grouped: true })).toEqual(await readsOf({}, {}))
    expect(await readsOf({ group: { key: 'a' } }, { grouped: true })).not.toEqual(await readsOf({}, {}))
  })

  test.each([20, 100])('of %i long groups reads a bounded number of rows', async (limit) => {
    const { rows, close } = await open()
    const inbox = createInbox(rows)
    const owner = freshOwner()
    for (let n = 0; n < 30; n++)
      await inbox.put(
        Array.from({ length: 500 }, (_, at) => sampleItem(owner, { group: { key: `k${at % 100}` } })),
      )
    let read = 0
    const { log, items } = rows
    vi.spyOn(rows, 'log').mockImplementation(async (...given) => {
      const page = await log(...given)
      read += page.read
      return page
    })
    vi.spyOn(rows, 'items').mockImplementation(async (...given) => {
      const found = await items(...given)
      read += found.length
      return found
    })
    const { items: shown, next } = await inbox.page(owner, { status: 'active', limit, grouped: true })
    expect(shown.map(({ group }) => [group?.count, group?.more])).toEqual(shown.map(() => [100, true]))
    expect(shown.length).toBeGreaterThan(7)
    expect(read).toBeLessThan(6_000)
    expect(next).toBeDefined()
    await close()
  })
})
