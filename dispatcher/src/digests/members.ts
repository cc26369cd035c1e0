import { acceptedAt, Step } from '@carillon/core/delivery/step'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { Store } from '@carillon/core/store/port'
import type { Opening } from '@carillon/core/store/ports/digests'
import { z } from 'zod'

/** A step that waits in a window. `alone`: it leaves as itself, not in a summary. */
export const Collected = z.object({ step: Step, alone: z.boolean().optional() })
export type Collected = z.infer<typeof Collected>

const encoder = new TextEncoder()

/** Returns a function that reads what waits, or waited, in a window. */
export const createReadWindow =
  (store: Pick<Store, 'digests'>) =>
  async (tenant: string, opening: Opening): Promise<Collected[]> => {
    const members = await store.digests.members(tenant, opening)
    return members.map(({ step }) => checked(Collected, parseJson(encoder.encode(step)), 'window'))
  }

export type ReadWindow = ReturnType<typeof createReadWindow>

/**
 * Returns a function that reads the steps of which a digest tells, in the order in which they were accepted. A summary after quiet hours may contain
 * digests; it tells of what is in them.
 */
export const createMembers = (readWindow: ReadWindow) => {
  const membersOf = async (step: Step): Promise<Step[]> => {
    if (!step.digest) return [step]
    const { window, id, kind } = step.digest
    const collected = await readWindow(step.tenant, { user: step.user, window, id })
    const told = collected.filter(({ alone }) => kind !== 'quiet_hours' || !alone)
    const found: Step[] = []
    for (const { step: member } of told) found.push(...(await membersOf(member)))
    return found
  }
  return async (step: Step): Promise<Step[]> =>
    (await membersOf(step)).sort((one, other) => acceptedAt(one) - acceptedAt(other))
}

export type MembersOf = ReturnType<typeof createMembers>
