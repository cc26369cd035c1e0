import { CHANNELS, type Channel, type Lane, PRIORITIES } from '@carillon/schemas'

/** The lanes that a dispatcher decides on, most urgent first. */
const OURS: readonly Lane[] = PRIORITIES.flatMap((priority): Lane[] => [
  `notify-${priority}`,
  `work-${priority}`,
])

/** The lanes of a channel, most urgent first. */
export const lanesOf = (channel: Channel): Lane[] =>
  PRIORITIES.map((priority): Lane => `${channel}-${priority}`)

/** Every lane. New ones come at the end: the embedded log numbers them by their place. */
export const LANES: readonly Lane[] = [...OURS, ...CHANNELS.flatMap(lanesOf)]
