import { hash } from 'node:crypto'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Address, Provider, Providers, Tools } from '@carillon/core/delivery/provider'
import { servingAccounts } from '@carillon/core/delivery/serving-accounts'
import type { Http } from '@carillon/core/http/port'
import { checked } from '@carillon/core/json/checked'
import type { StoredAccount } from '@carillon/core/store/ports/accounts'
import type { Log } from '@carillon/core/telemetry/log'
import type { Channel } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import { hostOf } from './address.ts'
import type { RetrySettings } from './retry.ts'
import { createUpstream, type Upstream } from './upstream.ts'

/** Maximum number of open accounts in one process. An account that is not used for IDLE_MS is closed. */
const OPEN_MAX = 1_000
const IDLE_MS = 10 * 60_000
/** Maximum number of hosts of one account that have their own upstream. */
const HOSTS_MAX = 1_000

/** A provider account that is ready to send. */
export type OpenAccount = {
  account: StoredAccount
  provider: Provider
  /** Replaces parts of its channels' retry policies. */
  retry?: RetrySettings
  upstream(address: Address): Upstream
}

export type AccountsPorts = {
  providers: Providers
  cache: SettingsCache
  http: Http
  log: Log
  publicUrl?: string
  capture?: Tools['capture']
}

const retryOf = ({ retry }: StoredAccount): RetrySettings | undefined =>
  retry && {
    ...(retry.window === undefined ? {} : { windowMs: retry.window * 1_000 }),
    ...(retry.base === undefined ? {} : { baseMs: retry.base * 1_000 }),
    ...(retry.cap === undefined ? {} : { capMs: retry.cap * 1_000 }),
    ...(retry.fallback === undefined ? {} : { fallbackMs: retry.fallback * 1_000 }),
    ...(retry.attempts === undefined ? {} : { attempts: retry.attempts }),
  }

const open = (account: StoredAccount, provider: Provider, tools: Tools) => {
  const sender = provider.open(checked(provider.config, account.config, 'config'), tools)
  const upstreams = new LRUCache<string, Upstream>({
    max: HOSTS_MAX,
    memoMethod: () => createUpstream(sender, provider),
  })
  return {
    account,
    provider,
    retry: retryOf(account),
    upstream: (address: Address) => upstreams.memo(hostOf(address)),
    close: () => sender.close(),
  }
}

/** Opens the provider accounts of tenants on first use, each with its own bulkheads and breakers. */
export const createAccounts = ({ providers, cache, http, log, publicUrl, capture }: AccountsPorts) => {
  const opened = new LRUCache<string, ReturnType<typeof open>>({
    max: OPEN_MAX,
    ttl: IDLE_MS,
    updateAgeOnGet: true,
    ttlAutopurge: false,
    dispose: (entry) => {
      entry.close().catch((err) => log.warn({ err, account: entry.account.id }, 'an account failed to close'))
    },
  })

  /** The cache returns the same objects for a while, so their versions are computed once. */
  const versions = new WeakMap<StoredAccount, string>()
  const versionOf = (account: StoredAccount): string => {
    const known = versions.get(account)
    if (known !== undefined) return known
    const version = hash('sha256', JSON.stringify([account.provider, account.config]), 'base64url')
    versions.set(account, version)
    return version
  }

  const ready = async (tenant: string, account: StoredAccount): Promise<OpenAccount | undefined> => {
    const provider = providers.get(account.provider)
    if (!provider) return undefined
    const key = `${tenant}\n${account.id}\n${versionOf(account)}`
    const known = opened.get(key)
    if (known) {
      known.account = account
      known.retry = retryOf(account)
      return known
    }
    const vapid = (await cache.tenant(tenant))?.vapid
    if (!vapid) return undefined
    // Another message may have opened it meanwhile.
    const raced = opened.get(key)
    if (raced) return raced
    try {
      const fresh = open(account, provider, { http, vapid, tenant, account: account.id, publicUrl, capture })
      opened.set(key, fresh)
      return fresh
    } catch (err) {
      log.error({ err, tenant, account: account.id }, 'a provider account cannot be used')
      return undefined
    }
  }

  return {
    /** Resolves with the accounts that serve a channel, in the order in which they are tried. */
    serving: async (tenant: string, channel: Channel): Promise<OpenAccount[]> => {
      const accounts = await cache.accounts(tenant)
      const candidates = servingAccounts(accounts, channel, { captures: capture !== undefined })
      const found = await Promise.all(candidates.map((account) => ready(tenant, account)))
      return found.filter((account) => account !== undefined)
    },
    close: async () => {
      const entries = [...opened.values()]
      opened.clear()
      await Promise.allSettled(entries.map((entry) => entry.close()))
    },
  }
}
