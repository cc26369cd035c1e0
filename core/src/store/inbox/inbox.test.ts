import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../sqlite/database.ts'
import { playInbox } from '../contract/inbox-model.ts'
import { freshOwner, seeded } from '../contract/samples.ts'
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
