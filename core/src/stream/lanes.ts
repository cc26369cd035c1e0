import { type Lane, laneFilter, PRIORITIES } from '@carillon/schemas'

/** Every lane, most urgent first. */
export const LANES: readonly Lane[] = PRIORITIES.flatMap((priority): Lane[] => [
  `notify-${priority}`,
  `work-${priority}`,
])

/** The subjects of a family that some lane carries. */
export const subjectsOf = (family: 'notify' | 'work'): string[] =>
  LANES.filter((lane) => lane.startsWith(family)).map(laneFilter)
