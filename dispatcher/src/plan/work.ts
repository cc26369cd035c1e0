import { EpochMs } from '@carillon/core/json/epoch'
import { Addressed, Audience } from '@carillon/core/routing/addressees'
import { SLOTS } from '@carillon/core/store/ports/walk'
import { UserId } from '@carillon/schemas'
import { z } from 'zod'
import { Ready } from '../intake/ready.ts'

const Slot = z.int().min(0).max(SLOTS)

/** A notification that waits in the log until its `deliverAt`. */
export const DueWork = z.object({ ready: Ready })
export type DueWork = z.infer<typeof DueWork>

/** One chunk of a fan-out. */
export const ChunkWork = z.object({
  ready: Ready,
  audience: Audience,
  chain: z.int().min(0).describe("The chain of the notification's record: counts across its audiences"),
  from: Slot,
  to: Slot,
  after: z.object({ slot: Slot, user: UserId }).optional(),
  reached: z.int().min(0).describe('Recipients this chain has reached so far'),
  opened: z
    .int()
    .min(0)
    .optional()
    .describe('How many chains this one has opened for recipients who wait for their local time'),
})
export type ChunkWork = z.infer<typeof ChunkWork>

/**
 * Up to 500 recipients who wait for their local time, in groups of one instant. The message is due at the first of them; what
 * is left is put back into the log.
 */
export const LocalWork = z.object({
  ready: Ready,
  chain: z.int().min(0).describe("The chain of the notification's record: see `localChain`"),
  waiting: z
    .array(
      z.object({
        at: EpochMs.describe('The instant in the time zone that was last known'),
        addressed: z.array(Addressed),
        users: z.array(UserId).min(1),
      }),
    )
    .min(1),
  unnamed: z.boolean().describe('Whether no record names the recipients'),
  partial: z.boolean().describe('Whether some of them may be addressed in more ways'),
  reached: z.int().min(0).describe('Recipients this chain has reached so far'),
})
export type LocalWork = z.infer<typeof LocalWork>
