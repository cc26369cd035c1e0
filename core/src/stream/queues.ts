import { CHANNELS, type Channel, PRIORITIES, type Queue } from '@carillon/schemas'

/** The queues that a dispatcher decides on, most urgent first. */
const OURS: readonly Queue[] = PRIORITIES.flatMap((priority): Queue[] => [
  `notify-${priority}`,
  `work-${priority}`,
])

/** The queues of a channel, most urgent first. */
export const queuesOf = (channel: Channel): Queue[] =>
  PRIORITIES.map((priority): Queue => `${channel}-${priority}`)

/** Every queue. New ones come at the end: the embedded log numbers them by their place. */
export const QUEUES: readonly Queue[] = [...OURS, ...CHANNELS.flatMap(queuesOf)]
