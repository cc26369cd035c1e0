import { uuid7Time } from '../notification/ids.ts'
import { bucket } from './slots.ts'

const UNDATED_BUCKETS = 4_096
/** What is accepted within this time shares a bucket: some 30 MB if a tenant is sent 10,000 notifications a second. */
export const BUCKET_MS = 10_000

/** The bucket of a moment, epoch ms. */
export const bucketAt = (ms: number): number => Math.floor(ms / BUCKET_MS)

/**
 * The bucket of a notification's record: that of the time inside a UUIDv7, so that what was accepted together lies
 * together; for any other id one of 4,096 negative buckets.
 */
export const bucketOf = (notification: string): number => {
  const time = uuid7Time(notification)
  return time === undefined ? -1 - bucket(notification, UNDATED_BUCKETS) : bucketAt(time)
}
