import { CHUNK } from '../plan/fan-out.ts'
import type { Portion } from '../plan/recipients.ts'
import { type Entry, entriesOf } from './item.ts'

/** Splits portions into lists of at most CHUNK entries. Entries are made as they are needed. */
export function* chunksOf(portions: readonly Portion[]): Generator<Entry[]> {
  let chunk: Entry[] = []
  for (const portion of portions) {
    const entryOf = entriesOf(portion)
    for (const recipient of portion.recipients) {
      chunk.push(entryOf(recipient))
      if (chunk.length < CHUNK) continue
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
