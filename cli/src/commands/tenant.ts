import { newTenant, newTenantSecret } from '@carillon/core/security/user-tokens'
import { parse, TenantId } from '@carillon/schemas'
import { administer } from '../admin.ts'
import { refuse, say } from '../settings.ts'

/** Kept besides the newest, so that tokens signed with the one before stay good while backends change over. */
const SECRETS_KEPT = 2

const tenantId = (value: string) => {
  const parsed = parse(TenantId, value)
  return parsed.success ? parsed.data : refuse(`${JSON.stringify(value)}: ${parsed.issues[0]!.message}`)
}

type Options = { add?: string; rotate?: string; revoke?: string; data?: string }

export const tenant = ({ add, rotate, revoke, ...options }: Options) =>
  administer(options, async (store) => {
    if (add !== undefined) {
      const id = tenantId(add)
      if (await store.tenants.get(id)) refuse(`tenant ${id} exists already`)
      const created = newTenant(id)
      await store.tenants.put(created)
      return say(`${id} ${created.secrets[0]!.secret}`)
    }
    const changed = rotate ?? revoke
    if (changed !== undefined) {
      const known = (await store.tenants.get(tenantId(changed))) ?? refuse(`there is no tenant ${changed}`)
      const secret = newTenantSecret()
      const older = revoke === undefined ? known.secrets.slice(0, SECRETS_KEPT - 1) : []
      await store.tenants.put({ ...known, secrets: [secret, ...older] })
      return say(`${known.id} ${secret.secret}`)
    }
    for (const id of await store.tenants.list()) say(id)
  })
