import { type InContext, lookUpInContext } from '@carillon/core/contexts/in-context'
import { grouped } from '@carillon/core/group-by'
import { addresseesOf } from '@carillon/core/routing/addressees'
import type { Pinned, Ready } from '../intake/ready.ts'
import { CACHED_MOST, type Chosen, NO_CHOICES, type PreferencePorts } from './preferences.ts'

/** The data read for a batch of notifications before planning, so that most are planned without further reads. */
export type ReadAhead = {
  tenancy(ready: Ready): InContext
  /** Returns the choices of the named users; undefined if there are too many users to read ahead. */
  chosen(pinned: Pinned, users: readonly string[]): Chosen | undefined
}

const at = ({ tenant, notification: { context } }: Ready) =>
  context === undefined ? tenant : `${tenant}\n${context}`

/** Reads the choices of all users that a batch names, together for each tenant, and each context once. */
export const createReadAhead =
  ({ cache }: Pick<PreferencePorts, 'cache'>) =>
  async (batch: readonly Pinned[]): Promise<ReadAhead> => {
    const chosen = new Map<string, Chosen>()
    const tenancies = new Map<string, InContext>()
    await Promise.all([
      ...[...grouped(batch, ({ ready }) => ready.tenant)].map(async ([tenant, some]) => {
        const users = new Set<string>()
        for (const { ready, type } of some) {
          if (type?.critical) continue
          const named = addresseesOf(ready.notification).users
          if (named.length <= CACHED_MOST) for (const user of named) users.add(user)
        }
        const [own, locked] = await Promise.all([
          cache.preferences(tenant, [...users]),
          cache.transactionalCategories(tenant),
        ])
        chosen.set(tenant, { own, locked })
      }),
      ...[...grouped(batch, ({ ready }) => at(ready))].map(async ([name, [first]]) => {
        const { tenant, notification } = first!.ready
        tenancies.set(name, await lookUpInContext(cache, tenant, notification.context))
      }),
    ])
    return {
      tenancy: (ready) => tenancies.get(at(ready))!,
      chosen: ({ ready, type }, users) => {
        if (type?.critical) return NO_CHOICES
        return users.length > CACHED_MOST ? undefined : chosen.get(ready.tenant)
      },
    }
  }
