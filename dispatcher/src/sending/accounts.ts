import { hash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { checked } from '@carillon/core/checked'
import type {
  Address,
  Http,
  Outcome,
  Outgoing,
  Provider,
  Providers,
  Sender,
  Tools,
} from '@carillon/core/outreach/provider'
import type { Directory } from '@carillon/core/security/directory'
import type { StoredAccount } from '@carillon/core/store/outreach'
import type { Log } from '@carillon/core/telemetry/log'
import type { Channel } from '@carillon/schemas'
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel'
import { LRUCache } from 'lru-cache'
import { createGate, type Gate } from './gate.ts'

/** Failures of a provider in a row after which it is left alone, and for how long until one message tries it again. */
const BREAK_AFTER = 5
const HALF_OPEN_MS = 10_000
/** How long a message may wait for a free place at an account, while others wait behind it in the lane. */
const PATIENCE_MS = 2_000
/** Open accounts in one process; one that is not used for IDLE_MS is closed. */
const OPEN_MAX = 1_000
const IDLE_MS = 10 * 60_000
/** Hosts that one account keeps apart. */
const LINES_MAX = 1_000
/** The least that a message waits which found every place taken. */
const TICKET_FIRST_MS = 500
/** The most between two of them: an account that was slow for a while may be fast when they are due. */
const TICKET_GAP_MS = 4
/** Those whose turn comes within so long come together: the log is woken once. */
const TICKETS_TOGETHER_MS = 100
/** A send that has not ended by then is given up; whatever the provider does, its place is free again. */
const SEND_LIMIT_MS = 20_000

/** Passing trouble that says nothing against the provider: it is the recipient's, or our own pace. */
const NOT_THE_PROVIDER = ['rate_limited', 'too_many_requests', 'greylisted', 'mailbox_full', 'deferred']

const isProviderFault = (result: unknown): boolean => {
  const outcome = result as Outcome
  return (
    outcome.outcome === 'account' ||
    outcome.outcome === 'doubt' ||
    (outcome.outcome === 'retry' && !NOT_THE_PROVIDER.includes(outcome.reason))
  )
}

/**
 * The way to one place of a provider's: an account, or with addresses that are URLs of their own, one host of them. What
 * goes wrong there concerns nobody else.
 */
export type Line = {
  gate: Gate
  /** Epoch ms; the provider asked to be left alone until then. */
  pausedUntil: number
  /** When the next message that finds every place taken may come again, epoch ms. */
  nextTicket(): number
  /** Sends through the breaker. `down`: it has failed so often that it was not asked. */
  send(message: Outgoing): Promise<Outcome | 'down'>
}

/** An account that is ready to be used. */
export type OpenAccount = {
  account: StoredAccount
  provider: Provider
  line(address: Address): Line
}

export type AccountsPorts = {
  providers: Providers
  directory: Directory
  http: Http
  log: Log
  publicUrl?: string
  capture?: Tools['capture']
}

/** Never aborted: senders end by themselves. A controller for each message would cost as much as signing it. */
const UNHURRIED = new AbortController().signal
setMaxListeners(0, UNHURRIED)

const sendLimited = async (sender: Sender, message: Outgoing): Promise<Outcome> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Outcome>((resolve) => {
    timer = setTimeout(
      () =>
        resolve({ outcome: 'doubt', reason: 'timeout', detail: `no end after ${SEND_LIMIT_MS / 1_000} s` }),
      SEND_LIMIT_MS,
    )
  })
  try {
    return await Promise.race([sender.send(message, UNHURRIED), limit])
  } finally {
    clearTimeout(timer)
  }
}

const openLine = (sender: Sender, { concurrency }: Provider): Line => {
  const breaker = circuitBreaker(handleWhenResult(isProviderFault), {
    halfOpenAfter: HALF_OPEN_MS,
    breaker: new ConsecutiveBreaker(BREAK_AFTER),
  })
  const gate = createGate(concurrency, PATIENCE_MS)
  let ticket = 0
  return {
    gate,
    pausedUntil: 0,
    nextTicket: () => {
      // Sooner than there will be room, by all that is known now: who is too early is given another.
      const gap = Math.min(gate.gap / 2, TICKET_GAP_MS)
      ticket = Math.max(Date.now() + TICKET_FIRST_MS, ticket) + gap
      return Math.ceil(ticket / TICKETS_TOGETHER_MS) * TICKETS_TOGETHER_MS
    },
    send: async (message) => {
      try {
        return await breaker.execute(() => sendLimited(sender, message))
      } catch (error) {
        if (error instanceof BrokenCircuitError) return 'down'
        throw error
      }
    },
  }
}

/** The host of an address that is a URL; '' for all others, which the account itself sends to. */
const hostOf = (address: Address): string => {
  if (address.kind !== 'device') return ''
  const { device } = address
  const url = 'url' in device ? device.url : 'endpoint' in device ? device.endpoint : undefined
  return url === undefined ? '' : new URL(url).host
}

const open = (account: StoredAccount, provider: Provider, tools: Tools) => {
  const sender = provider.open(checked(provider.config, account.config, 'config'), tools)
  const lines = new LRUCache<string, Line>({ max: LINES_MAX, memoMethod: () => openLine(sender, provider) })
  return {
    account,
    provider,
    line: (address: Address) => lines.memo(hostOf(address)),
    close: () => sender.close(),
  }
}

/** In development: takes every channel for which the tenant has no account. */
const captureAccount = (channel: Channel): StoredAccount => ({
  id: 'capture',
  provider: 'capture',
  channels: [channel],
  order: 1_000,
  config: {},
})

/** Web push needs no account with anybody: the tenant's own keys will do. */
const OWN_WEB_PUSH: StoredAccount = {
  id: 'web-push',
  provider: 'web-push',
  channels: ['push'],
  order: 1_000,
  config: {},
}

/**
 * The provider accounts of tenants, opened when first used, each with its own places, breakers and pauses.
 */
export const createAccounts = ({ providers, directory, http, log, publicUrl, capture }: AccountsPorts) => {
  const opened = new LRUCache<string, ReturnType<typeof open>>({
    max: OPEN_MAX,
    ttl: IDLE_MS,
    updateAgeOnGet: true,
    ttlAutopurge: false,
    dispose: (entry) => {
      entry.close().catch((err) => log.warn({ err, account: entry.account.id }, 'an account did not close'))
    },
  })

  /** The directory gives the same objects for a while: they need not be read again for each message. */
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
      return known
    }
    const vapid = (await directory.tenant(tenant))?.vapid
    if (!vapid) return undefined
    // Of many messages that come first together, one has opened it meanwhile.
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
    /** The accounts that serve a channel, in the order in which they are to be tried. */
    serving: async (tenant: string, channel: Channel): Promise<OpenAccount[]> => {
      const given = (await directory.accounts(tenant)).filter(({ channels }) => channels.includes(channel))
      const own = channel === 'push' && !given.some(({ provider }) => provider === 'web-push')
      const candidates = [...given, ...(own ? [OWN_WEB_PUSH] : [])].sort((a, b) => a.order - b.order)
      if (capture && given.length === 0) candidates.push(captureAccount(channel))
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

export type AccountBook = ReturnType<typeof createAccounts>
