import { CHANNELS, type Channel, PRIORITIES, type Queue } from '@carillon/schemas'

/** The queues of notifications and of the dispatcher's own work, most urgent first. */
const OURS: readonly Queue[] = PRIORITIES.flatMap((priority): Queue[] => [
  `notify-${priority}`,
  `work-${priority}`,
])

/** Returns the queues of a channel, most urgent first. */
export const queuesOf = (channel: Channel): Queue[] =>
  PRIORITIES.map((priority): Queue => `${channel}-${priority}`)

/** All queues. Append new ones at the end: the embedded log stores a queue as its index here. */
export const QUEUES: readonly Queue[] = [...OURS, ...CHANNELS.flatMap(queuesOf), 'report-normal']
