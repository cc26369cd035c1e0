import type { Step } from '@carillon/core/delivery/step'
import { windowsOf } from '@carillon/core/routing/digest'
import type { Store } from '@carillon/core/store/port'
import type { Rejoin } from '../digests/rejoin.ts'
import type { Claims } from './claim.ts'
import type { Known } from './lookup.ts'

export type AgainPorts = {
  store: Pick<Store, 'deliveries'>
  claims: Pick<Claims, 'wasClaimed'>
  rejoin: Rejoin
}

/**
 * Returns a function that looks up how far a step came that was delivered before. What would be decided about it now can differ:
 * quiet hours have begun or ended meanwhile, or the person has changed their preferences.
 *
 * - It resolves with undefined if the step waits, or has waited, in a window.
 * - A step that was split or claimed is returned as one that has begun, so that it is not collected.
 */
export const createAgain = ({ store, claims, rejoin }: AgainPorts) => {
  const wasSplit = async (step: Step): Promise<boolean> => {
    const { tenant, notification: id, toAudience, user, index, destination } = step
    if (destination !== undefined) return false
    const [rows] = await store.deliveries.of(tenant, [{ id, toAudience, user }])
    return rows?.some((row) => row.step === index && row.device !== null) ?? false
  }

  return async (
    step: Step,
    known: Pick<Known, 'facts' | 'members'>,
    { now, destinations }: { now: number; destinations(): Promise<readonly string[]> },
  ): Promise<Step | undefined> => {
    if (step.secret !== undefined) return step
    const newest = known.members(step, now)?.left.at(-1)
    const windows = [step, ...(newest ? [newest] : [])].flatMap((each) =>
      windowsOf(each, known.facts(each, now)),
    )
    if (await rejoin(step, [...new Set(windows)])) return undefined
    const begun = (await wasSplit(step)) || (await claims.wasClaimed(step, await destinations()))
    return begun ? { ...step, queued: true } : step
  }
}
