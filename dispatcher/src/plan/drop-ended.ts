import { endForAll } from '@carillon/core/routing/plan'
import type { Store } from '@carillon/core/store/port'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { Amendment } from '@carillon/core/store/ports/notifications'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import type { Ready } from '../intake/ready.ts'
import { decisionEntry } from './recipients.ts'

export type DropEndedPorts = {
  store: Pick<Store, 'notifications'>
  recordDecisions(tenant: string, decisions: readonly DecisionEntry[]): Promise<void>
}

/**
 * Returns a function that drops the cancelled and expired notifications of a tenant, and records a decision about each. It
 * resolves with the others and their amendments.
 */
export const createDropEnded =
  ({ store, recordDecisions }: DropEndedPorts) =>
  async (
    tenant: string,
    waited: readonly Ready[],
  ): Promise<{ ready: Ready; amendments: readonly Amendment[] }[]> => {
    const known = await store.notifications.find(
      tenant,
      waited.map(({ id }) => id),
    )
    const now = Date.now()
    const ends = waited.map(({ id, expiresAt }) =>
      endForAll({ cancelled: known.get(id)?.state === 'cancelled', expiresAt }, now),
    )
    await recordDecisions(
      tenant,
      waited.flatMap((ready, index) => {
        const end = ends[index]
        return end ? [decisionEntry(ready, EVERYBODY, end)] : []
      }),
    )
    return waited.flatMap((ready, index) =>
      ends[index] ? [] : [{ ready, amendments: known.get(ready.id)?.amendments ?? [] }],
    )
  }
