/**
 * Why a message waits in the event log until its time: the delay of a step, `deliverAt` (an instant, or the local time of each
 * recipient), a schedule, a window of a digest, frequency or quiet hours, the snooze of an item, a retry or limit of a
 * provider, changes of a user that are still to be made or to be sent to devices, and operations on items that are still
 * being stored.
 */
export const WAIT_REASONS = [
  'delay',
  'deliver_at',
  'local_time',
  'schedule',
  'digest',
  'frequency',
  'quiet_hours',
  'snooze',
  'retry',
  'change',
  'operation',
] as const
export type WaitReason = (typeof WAIT_REASONS)[number]

/** Returns the NATS filter for the messages that wait for a reason. */
export const waitFilter = (reason: WaitReason) => `schedule.*.${reason}.>`
