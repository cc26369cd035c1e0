import { setMaxListeners } from 'node:events'
import type { Sender } from '@carillon/core/delivery/provider'
import { createHttp } from '@carillon/core/http/client'
import { checked } from '@carillon/core/json/checked'
import { newTenant } from '@carillon/core/security/new-tenant'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import type { Channel } from '@carillon/schemas'
import { concurrently } from './baselines/concurrently.ts'
import { serve } from './child.ts'
import type { Order } from './deliveries.ts'
import { outgoingFor } from './messages.ts'
import type { AccountInput } from './tenant.ts'

type Opened = { sender: Sender; channel: Channel; concurrency: number }

let opened: Opened | undefined
const patient = new AbortController().signal
setMaxListeners(0, patient)

/** Sends with a channel of Carillon alone, without log, store, rate limits or claims. */
const open = ({ account, channel }: { account: AccountInput; channel: Channel }): void => {
  const provider = PROVIDERS.get(account.provider)
  if (!provider) throw new Error(`unknown provider ${account.provider}`)
  const { vapid } = newTenant('bench')
  const tools = { http: createHttp({ allow: ['*'] }), vapid, tenant: 'bench', account: 'bench' }
  const sender = provider.open(checked(provider.config, account.config, 'config'), tools)
  opened = { sender, channel, concurrency: provider.concurrency }
}

const send = async ({ port, run, count }: Order): Promise<void> => {
  if (!opened) throw new Error('no channel is open')
  const { sender, channel, concurrency } = opened
  await concurrently(count, concurrency, async (n) => {
    const outcome = await sender.send(outgoingFor({ run, n, at: 0 }, channel, port), patient)
    if (outcome.outcome !== 'sent') throw new Error(`not sent: ${JSON.stringify(outcome)}`)
  })
}

const calls = { open, send }
export type SenderApi = typeof calls
serve(calls)
