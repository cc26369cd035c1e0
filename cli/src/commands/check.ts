import { existsSync } from 'node:fs'
import { type Http, HttpFailure } from '@carillon/core/delivery/provider'
import { reasonOf } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import { excessPermissions } from '@carillon/core/nats/permissions'
import type { Store } from '@carillon/core/store/port'
import { createLog } from '@carillon/core/telemetry/log'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import { createClosers } from '../closers.ts'
import { devState } from '../dev-state.ts'
import { databaseFile, openParts, whereabouts } from '../parts.ts'
import { say, settings } from '../settings.ts'

const CHECK_LIMIT_MS = 10_000
/** Longer than a provider has to answer in, so that its own words are told. */
const ACCOUNT_LIMIT_MS = 20_000

/** URLs may hold passwords. */
const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, '//…@')

/** Resolves with what is wrong, if anything, within a time limit. */
const faultOf = async (
  work: () => Promise<unknown>,
  limitMs = CHECK_LIMIT_MS,
): Promise<string | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs)
  })
  try {
    await Promise.race([work(), limit])
    return undefined
  } catch (error) {
    return `${reasonOf(error)}${adviceOf(error)}`
  } finally {
    clearTimeout(timer)
  }
}

/** What to do about a provider that was not reached; empty for a failure that says it itself. */
const adviceOf = (error: unknown): string => {
  if (!(error instanceof HttpFailure)) return ''
  if (error.reason === 'refused_target') return '; to allow the host, set CARILLON_ALLOWED_TARGETS'
  if (error.message.includes('looked up')) return '; check the host name in the account, and DNS'
  return '; check the URL in the account, and proxies and firewalls on the way'
}

/** Tells of one check; answers whether it passed. */
const tell = (name: string, fault: string | undefined): boolean => {
  say(fault === undefined ? `ok      ${name}` : `failed  ${name}: ${fault}`)
  return fault === undefined
}

/** Asks every provider whether the account is good; sends nothing to anybody. */
const checkAccounts = async (store: Store, http: Http & { close(): Promise<void> }): Promise<boolean> => {
  let good = true
  for (const id of await store.tenants.list()) {
    const tenant = await store.tenants.get(id)
    for (const account of tenant ? await store.accounts.list(id) : []) {
      const provider = PROVIDERS.get(account.provider)
      const fault = await faultOf(async () => {
        if (!provider) throw new Error(`this version has no provider ${account.provider}`)
        const tools = { http, vapid: tenant!.vapid, tenant: id, account: account.id }
        const sender = provider.open(checked(provider.config, account.config, 'config'), tools)
        try {
          await sender.verify()
        } finally {
          await sender.close()
        }
      }, ACCOUNT_LIMIT_MS)
      good = tell(`${account.provider} account ${account.id} of ${id}`, fault) && good
    }
  }
  return good
}

export const check = async (options: { data?: string }) => {
  const config = settings(options)
  const closers = createClosers()
  const log = createLog({ level: 'silent', role: 'check' })
  const known = config.secret ?? devState(config.dataDir).read()?.secret
  const open = openParts({ config, secret: known ?? 'not needed to check connections', closers, log })
  const file = databaseFile(config)
  let store: Store | undefined
  let namespace: string | undefined
  const warnings: string[] = []
  /** The store first: it says which installation the other parts belong to. */
  const checks: Record<string, () => Promise<unknown>> = {
    inbox: async () => {
      const opened = await open.openStore()
      await opened.check()
      store = opened
      namespace = await opened.namespace()
    },
    'event log': async () => {
      const connection = await open.openNats()
      if (namespace !== undefined) await (await open.openStream(namespace, connection)).stream.check()
      else if (config.cassandraUrl || existsSync(file))
        throw new Error('not checked, because the inbox names the installation')
      if (config.natsUrl) warnings.push(...(await excessPermissions(config.natsUrl)))
    },
    'live bus': async () => (await open.openLive(namespace ?? 'unknown')).check(),
  }
  const places: Record<string, string> = whereabouts(config, file)
  let good = true
  for (const [part, work] of Object.entries(checks)) {
    const where = places[part] ?? ''
    // Opening the embedded file would create it.
    if (where === file && !existsSync(file)) tell(`${part}: ${where} (carillon dev creates it)`, undefined)
    else good = tell(`${part}: ${withoutPassword(where)}`, await faultOf(work)) && good
  }
  for (const warning of warnings) say(`warn    event log: ${warning}`)
  if (store && known !== undefined) {
    const accounts = store
    const http = open.openHttp(config.secret === undefined ? ['*'] : [])
    good = (await checkAccounts(accounts, http)) && good
  }
  await closers.close(CHECK_LIMIT_MS)
  process.exit(good ? 0 : 1)
}
