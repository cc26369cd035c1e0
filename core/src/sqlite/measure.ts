import { Gauge } from 'prom-client'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Database } from './database.ts'

/** Adds the metrics of an embedded file to those of its process. */
export const measureDatabase = (
  database: Pick<Database, 'walBytes'>,
  { registry }: Pick<Metrics, 'registry'>,
) =>
  new Gauge({
    name: 'carillon_wal_bytes',
    help: 'Length of the write-ahead log of the embedded file; writers wait before it exceeds 64 MiB',
    registers: [registry],
    collect() {
      this.set(database.walBytes())
    },
  })
