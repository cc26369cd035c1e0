import { z } from 'zod'

/** Delivery priorities, most urgent first. The order is the order in which a dispatcher prefers them. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const
export const Priority = z.enum(PRIORITIES).meta({
  id: 'Priority',
  description: 'The urgency of a notification. It affects only the order of delivery and the pace of retries',
})
export type Priority = z.infer<typeof Priority>

/** Returns the priority of this name, if there is one. */
export const priorityOf = (name: string | undefined): Priority | undefined =>
  PRIORITIES.find((each) => each === name)
