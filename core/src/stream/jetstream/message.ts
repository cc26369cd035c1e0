import type { Queue } from '@carillon/schemas'
import type { Msg } from '@nats-io/transport-node'
import { type Headers, isKept } from '../headers.ts'
import type { Message } from '../port.ts'
import { position } from './acks.ts'
import type { Names } from './names.ts'
import type { Source } from './streams.ts'

/**
 * Returns a delivered message. Returns undefined if `reply` is not an ack subject: any client can publish to an inbox, not
 * only the consumer.
 */
export const deliveredMessage = (
  raw: Msg,
  reply: string,
  { queue, names, source }: { queue: Queue; names: Names; source: Source },
): Message | undefined => {
  const { sequence, appendedAt, deliveries } = position(reply)
  if (!(Number.isSafeInteger(sequence) && appendedAt > 0)) return undefined
  const dedupe = raw.headers?.get('Nats-Msg-Id')
  const headers = headersOf(raw)
  return {
    queue,
    subject: names.unscoped(raw.subject),
    data: raw.data,
    sequence,
    appendedAt,
    deliveries,
    ...(source.origin !== undefined && { origin: source.origin }),
    ...(dedupe && { dedupe }),
    ...(headers && { headers }),
  }
}

/** Returns the kept headers; undefined if there are none. */
const headersOf = ({ headers }: Msg): Headers | undefined => {
  let kept: Map<string, string> | undefined
  for (const key of headers?.keys() ?? []) {
    const name = key.toLowerCase()
    if (!isKept(name)) continue
    kept ??= new Map()
    kept.set(name, headers?.get(key) ?? '')
  }
  return kept
}
