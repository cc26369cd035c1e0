import { reasonOf } from '@carillon/core/errors'
import { type Http, HttpFailure } from '@carillon/core/http/port'
import { checked } from '@carillon/core/json/checked'
import type { Store } from '@carillon/core/store/port'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import { say } from '../process/output.ts'

const CHECK_LIMIT_MS = 10_000
/** Longer than the timeout of a provider request, so that its own error is reported. */
const ACCOUNT_LIMIT_MS = 20_000

/** Returns the advice for a provider that was not reached; empty if the error itself contains it. */
const adviceOf = (error: unknown): string => {
  if (!(error instanceof HttpFailure)) return ''
  if (error.reason === 'refused_target') return ''
  if (error.message.includes('looked up')) return '; check the host name in the account, and DNS'
  return '; check the URL in the account, and proxies and firewalls on the way'
}

/** Runs a check with a timeout. Resolves to the failure, or undefined. */
export const faultOf = async (
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

/** Prints the result of one check. Returns whether it passed. */
export const report = (name: string, fault: string | undefined): boolean => {
  say(fault === undefined ? `ok      ${name}` : `failed  ${name}: ${fault}`)
  return fault === undefined
}

/** Asks every provider whether its accounts are valid, without sending anything. Returns whether all passed. */
export const checkAccounts = async (store: Store, http: Http): Promise<boolean> => {
  let passed = true
  for (const id of await store.tenants.list()) {
    const tenant = await store.tenants.get(id)
    for (const account of tenant ? await store.accounts.list(id) : []) {
      const provider = PROVIDERS.get(account.provider)
      let checkable = true
      const fault = await faultOf(async () => {
        if (!provider) throw new Error(`this version has no provider ${account.provider}`)
        const tools = { http, vapid: tenant!.vapid, tenant: id, account: account.id }
        const sender = provider.open(checked(provider.config, account.config, 'config'), tools)
        try {
          checkable = (await sender.verify()) !== 'unchecked'
        } finally {
          await sender.close()
        }
      }, ACCOUNT_LIMIT_MS)
      const name = `${account.provider} account ${account.id} of ${id}`
      if (fault === undefined && !checkable)
        say(`skipped ${name}: not checked, because only a message would show whether it works`)
      else passed = report(name, fault) && passed
    }
  }
  return passed
}
