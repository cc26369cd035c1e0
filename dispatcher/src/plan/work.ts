import { Audience } from '@carillon/core/routing/addressees'
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
})
export type ChunkWork = z.infer<typeof ChunkWork>
