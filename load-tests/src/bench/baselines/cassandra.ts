import { serve } from '../child.ts'
import { clock } from '../machine.ts'
import { contentFor, userOf } from '../payload.ts'
import { dropInboxRows, openInboxRows } from './inbox-rows.ts'

type Options = { url: string; seconds: number; users: number }

const IN_FLIGHT = 256

/** Inserts rows of inbox items. Returns rows per second. */
const insert = async ({ url, seconds, users }: Options): Promise<number> => {
  const rows = await openInboxRows(url)
  try {
    const run = Date.now()
    const start = clock()
    const until = start + seconds * 1_000
    let n = 0
    const worker = async () => {
      while (clock() < until) {
        const user = userOf(n % users)
        await rows.insert(user, contentFor({ run, n: n++, at: 0 }))
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
    return (n * 1_000) / (clock() - start)
  } finally {
    await rows.close()
  }
}

const calls = { insert, drop: dropInboxRows }
export type BareCassandra = typeof calls
serve(calls)
