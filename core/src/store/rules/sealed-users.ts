import type { Seal } from '../../security/seal.ts'
import type { StoredUser, Users } from '../ports/users.ts'

const ADDRESSES = ['email', 'phone'] as const

/** Wraps `users` to encrypt addresses at rest. A sealed address can be opened only for its user and field. */
export const sealedUsers = (users: Users, seal: Seal): Users => {
  const changed = <User extends StoredUser>(
    tenant: string,
    user: User,
    change: (address: string, context: string) => string,
  ): User => {
    const { id, profile } = user
    const addresses = ADDRESSES.flatMap((field) => {
      const address = profile[field]
      return address === undefined ? [] : [[field, change(address, `user:${tenant}:${id}:${field}`)]]
    })
    return { ...user, profile: { ...profile, ...Object.fromEntries(addresses) } }
  }
  return {
    ...users,
    merge: (tenant, people) =>
      users.merge(
        tenant,
        people.map((user) => changed(tenant, user, seal.seal)),
      ),
    put: (tenant, user) => users.put(tenant, changed(tenant, user, seal.seal)),
    get: async (tenant, ids) =>
      (await users.get(tenant, ids)).map((user) => changed(tenant, user, seal.open)),
  }
}
