import { Pool } from 'undici'
import { serve } from '../child.ts'
import type { Order } from '../deliveries.ts'
import { webhookFor } from '../messages.ts'
import { concurrently } from './concurrently.ts'

/** The same number of connections per origin as Carillon. */
const CONNECTIONS = 64
let pool: Pool | undefined

/** Sends unsigned requests with bare undici and keep-alive. */
const send = async ({ port, run, count }: Order) => {
  pool ??= new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS })
  await concurrently(count, CONNECTIONS, async (n) => {
    const answer = await pool?.request({
      method: 'POST',
      path: '/hook',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(webhookFor({ run, n, at: 0 })),
    })
    await answer?.body.dump()
  })
}

const calls = { send }
serve(calls)
