import { acceptedAt, type Step } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { Opening } from '@carillon/core/store/ports/digests'
import { type Collected, readCollected } from './collected.ts'

/** Returns a function that reads what waits, or waited, in a window. */
export const createReadWindow =
  (store: Pick<Store, 'digests'>) =>
  async (tenant: string, opening: Opening): Promise<Collected[]> => {
    const members = await store.digests.members(tenant, opening)
    return members.map(readCollected)
  }

export type ReadWindow = ReturnType<typeof createReadWindow>

/** The steps that a digest covers, in the order of acceptance, and the digests among its members. */
export type Covered = { steps: readonly Step[]; digests: readonly Step[] }

/**
 * Returns a function that reads the steps that a digest covers. A summary after quiet hours, or a digest after a throttled
 * one, may contain digests; it covers their members.
 */
export const createMembers = (readWindow: ReadWindow) => {
  const read = async ({ tenant, user, digest }: Step, into: { steps: Step[]; digests: Step[] }) => {
    if (!digest) return
    const { window, id, kind } = digest
    for (const { step, alone } of await readWindow(tenant, { user, window, id })) {
      if (kind === 'quiet_hours' && alone) continue
      into[step.digest ? 'digests' : 'steps'].push(step)
      await read(step, into)
    }
  }
  return async (step: Step): Promise<Covered> => {
    const covered = { steps: [] as Step[], digests: [] as Step[] }
    await read(step, covered)
    covered.steps.sort((one, other) => acceptedAt(one) - acceptedAt(other))
    return covered
  }
}

export type MembersOf = ReturnType<typeof createMembers>
