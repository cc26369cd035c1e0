import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import { UnavailableError } from '@carillon/core/errors'
import type { Tenants } from '@carillon/core/store/ports/tenants'
import type { Log } from '@carillon/core/telemetry/log'
import type { LiveSocket } from './handshake.ts'

/**
 * Closes connections whose token was signed with a withdrawn secret. `check` retries failed look-ups; call it periodically.
 */
export const watchWithdrawnSecrets = (parts: {
  sockets: ReadonlyMap<string, LiveSocket>
  /** Not the cache, which serves outdated secrets while the store is unavailable. */
  tenants: Pick<Tenants, 'get'>
  invalidations: Pick<Invalidations, 'subscribe'>
  log: Log
}): { check(): void } => {
  const { sockets, tenants, invalidations, log } = parts
  /** Tenants to check. */
  const changed = new Set<string>()
  let checking = false

  const secretsOf = async (tenant: string): Promise<readonly [string, ReadonlySet<string>]> => {
    const known = await tenants.get(tenant)
    return [tenant, new Set(known?.secrets.map(({ kid }) => kid))]
  }

  const close = async () => {
    const ids = [...changed]
    const kids = new Map(await Promise.all(ids.map(secretsOf)))
    for (const id of ids) changed.delete(id)
    for (const { data, conn } of sockets.values())
      if (kids.get(data.tenant)?.has(data.kid) === false) {
        log.info({ tenant: data.tenant, reason: 'secret_withdrawn' }, 'connection ended')
        conn.close()
      }
  }

  const check = async () => {
    if (checking || changed.size === 0) return
    checking = true
    try {
      await close()
    } catch (err) {
      if (!(err instanceof UnavailableError)) log.error({ err }, 'connections could not be checked')
    } finally {
      checking = false
    }
  }

  invalidations.subscribe((changes) => {
    if (changes === 'all') for (const { data } of sockets.values()) changed.add(data.tenant)
    else for (const { kind, tenant } of changes) if (kind === 'tenant') changed.add(tenant)
    void check()
  })
  return { check: () => void check() }
}
