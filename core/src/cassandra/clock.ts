import type { SharedClock } from '../telemetry/clock-offset.ts'
import type { CassandraConnection } from './connection.ts'

/** The clock of a Cassandra node, to the millisecond. */
export const cassandraClock =
  ({ client }: Pick<CassandraConnection, 'client'>): SharedClock =>
  async () => {
    const result = await client.execute('SELECT toTimestamp(now()) AS now FROM system.local', [], {
      prepare: false,
    })
    return (result.first().now as Date).getTime()
  }
