import { createTransport, type Transporter } from 'nodemailer'
import { serve } from '../child.ts'
import type { Order } from '../deliveries.ts'
import { FROM, mailFor, UNSUBSCRIBE_URL } from '../messages.ts'
import { concurrently } from './concurrently.ts'

/** The same number of connections as Carillon's pool. */
const CONNECTIONS = 10
let transport: Transporter | undefined

/** Sends with bare nodemailer and a tuned pool: permanent connections that always have a message to send. */
const send = async ({ port, run, count }: Order) => {
  transport ??= createTransport({
    pool: true,
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    maxConnections: CONNECTIONS,
    maxMessages: Number.POSITIVE_INFINITY,
  })
  const from = { name: FROM.name, address: FROM.email }
  await concurrently(count, 2 * CONNECTIONS, (n) => {
    const list = { unsubscribe: UNSUBSCRIBE_URL }
    return Promise.resolve(transport?.sendMail({ ...mailFor({ run, n, at: 0 }), from, list }))
  })
}

const calls = { send }
serve(calls)
