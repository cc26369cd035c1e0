import { CHUNK } from '../plan/fan-out.ts'
import type { RecipientBatch } from '../plan/recipients.ts'
import { type Entry, entriesOf } from './item.ts'

/** Splits batches into lists of at most CHUNK entries. Entries are created lazily. */
export function* chunksOf(batches: readonly RecipientBatch[]): Generator<Entry[]> {
  let chunk: Entry[] = []
  for (const batch of batches) {
    const entryOf = entriesOf(batch)
    for (const recipient of batch.recipients) {
      chunk.push(entryOf(recipient))
      if (chunk.length < CHUNK) continue
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
