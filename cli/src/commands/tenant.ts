import { newTenant, newTenantSecret } from '@carillon/core/security/new-tenant'
import { parse, TenantId, type TenantLimits } from '@carillon/schemas'
import { burstOfASecond, parseRates } from '../config/rates.ts'
import { refuse } from '../process/command-error.ts'
import { note, say } from '../process/output.ts'
import { administer } from './administer.ts'

/** The newest secret and the previous one, so that tokens of both are valid during a rotation. */
const SECRETS_KEPT = 2

const tenantId = (value: string) => {
  const parsed = parse(TenantId, value)
  return parsed.success ? parsed.data : refuse(`${JSON.stringify(value)}: ${parsed.issues[0]!.message}`)
}

type Options = {
  add?: string
  rotate?: string
  revoke?: string
  limit?: string
  requests?: string
  data?: string
}

const REQUESTS = ['key', 'tenant', 'user'] as const
/** An alternative to a list: resets the limits to those of the installation. */
const DEFAULT = 'default'

const requestLimits = (list: string): TenantLimits => {
  if (list === DEFAULT) return {}
  const requests = parseRates(REQUESTS, list, burstOfASecond)
  return requests
    ? { requests }
    : refuse(
        `--requests ${JSON.stringify(list)} is not a list such as key=100:200,user=off of ${REQUESTS.join(', ')}, or ${DEFAULT}`,
      )
}

/** Formats limits as the option accepts them. */
const listOf = ({ requests = {} }: TenantLimits): string => {
  const entries = REQUESTS.flatMap((name) => {
    const rate = requests[name]
    if (rate === undefined) return []
    return `${name}=${rate === null ? 'off' : `${rate.perSecond}:${rate.burst}`}`
  })
  return entries.length > 0 ? entries.join(',') : DEFAULT
}

export const tenant = ({ add, rotate, revoke, limit, requests, ...options }: Options) =>
  administer(options, async (store) => {
    if (limit !== undefined) {
      const known =
        (await store.tenants.get(tenantId(limit))) ?? refuse(`there is no tenant ${JSON.stringify(limit)}`)
      const limits = requests === undefined ? known.limits : requestLimits(requests)
      if (requests !== undefined) await store.tenants.putLimits(known.id, limits)
      return say(`${known.id} ${listOf(limits)}`)
    }
    if (add !== undefined) {
      const id = tenantId(add)
      if (await store.tenants.get(id)) refuse(`tenant ${id} already exists`)
      const created = newTenant(id)
      await store.tenants.put(created)
      note(
        `tenant ${id} was created. Its backend signs user tokens with the secret below (docs/tokens.md). It is shown once; --rotate adds a new one`,
      )
      return say(`${id} ${created.secrets[0]!.secret}`)
    }
    const changed = rotate ?? revoke
    if (changed !== undefined) {
      const known =
        (await store.tenants.get(tenantId(changed))) ??
        refuse(`there is no tenant ${JSON.stringify(changed)}`)
      const secret = newTenantSecret()
      const older = revoke === undefined ? known.secrets.slice(0, SECRETS_KEPT - 1) : []
      await store.tenants.put({ ...known, secrets: [secret, ...older] })
      return say(`${known.id} ${secret.secret}`)
    }
    for (const id of await store.tenants.list()) say(id)
  })
