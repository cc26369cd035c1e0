import { uuid7Time } from '../../notification/ids.ts'
import { bucket } from './slots.ts'

const UNDATED_BUCKETS = 4_096
/** Width of a bucket in ms. It holds about 30 MB for a tenant with 10,000 notifications a second. */
export const BUCKET_MS = 10_000

/** Returns the bucket of a time, epoch ms. */
export const bucketAt = (ms: number): number => Math.floor(ms / BUCKET_MS)

/**
 * Returns the bucket of a notification's record: the bucket of a UUIDv7's timestamp, so that records accepted together share
 * a partition; for any other id, one of 4,096 negative buckets by hash.
 */
export const bucketOf = (notification: string): number => {
  const time = uuid7Time(notification)
  return time === undefined ? -1 - bucket(notification, UNDATED_BUCKETS) : bucketAt(time)
}
