import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import { serve } from '../child.ts'
import { clock } from '../machine.ts'
import { freshId, notificationFor, userOf } from '../payload.ts'

type Options = { server: string; stream: string; count: number; users: number }

const PUBLISH_CONCURRENCY = 512
/** As many pending messages as in the dispatcher's consumer. */
const MAX_MESSAGES = 512
const MAX_ACK_PENDING = 20_000

/**
 * Consumes a stream like NOTIFY with bare @nats-io/jetstream and an explicit ack for each message. Returns messages per second
 * of consuming, without publishing.
 */
const consume = async ({ server, stream, count, users }: Options): Promise<number> => {
  const connection = await connect({ servers: server })
  const manager = await jetstreamManager(connection)
  const client = jetstream(connection)
  try {
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], duplicate_window: nanos(600_000) })
    await manager.consumers.add(stream, {
      durable_name: 'bare',
      ack_policy: AckPolicy.Explicit,
      max_ack_pending: MAX_ACK_PENDING,
    })
    let next = 0
    const publish = async () => {
      while (next < count) {
        const mark = { run: 0, n: next++, at: 0 }
        const id = freshId(mark, stream)
        const notification = { ...notificationFor(mark, userOf(mark.n % users)), id }
        await client.publish(`${stream}.normal`, JSON.stringify(notification), { msgID: id })
      }
    }
    await Promise.all(Array.from({ length: PUBLISH_CONCURRENCY }, publish))

    const consumer = await client.consumers.get(stream, 'bare')
    const start = clock()
    let received = 0
    for await (const message of await consumer.consume({ max_messages: MAX_MESSAGES })) {
      message.ack()
      if (++received === count) break
    }
    await connection.flush()
    return (count * 1_000) / (clock() - start)
  } finally {
    await manager.streams.delete(stream)
    await connection.close()
  }
}

const calls = { consume }
export type BareJetStream = typeof calls
serve(calls)
