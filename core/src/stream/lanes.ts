import { type Lane, PRIORITIES } from '@carillon/schemas'

/** Every lane, most urgent first. */
export const LANES: readonly Lane[] = PRIORITIES.flatMap((priority): Lane[] => [
  `notify-${priority}`,
  `work-${priority}`,
])
