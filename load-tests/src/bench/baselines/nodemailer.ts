import { createTransport, type Transporter } from 'nodemailer'
import { serve } from '../child.ts'
import { FROM, mailFor } from '../messages.ts'
import type { Place } from '../outreach.ts'
import { inTurn } from './in-turn.ts'

/** As many as Carillon keeps to one mail server. */
const CONNECTIONS = 10
let transport: Transporter | undefined

/** Bare nodemailer, its pool tuned: connections are kept for good, and there is always a mail waiting for each. */
const send = async ({ port, run, count }: Place) => {
  transport ??= createTransport({
    pool: true,
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    maxConnections: CONNECTIONS,
    maxMessages: Number.POSITIVE_INFINITY,
  })
  const from = { name: FROM.name, address: FROM.email }
  await inTurn(count, 2 * CONNECTIONS, (n) => {
    const { unsubscribeUrl, ...mail } = mailFor({ run, n, at: 0 })
    const list = { unsubscribe: unsubscribeUrl }
    return Promise.resolve(transport?.sendMail({ ...mail, from, list }))
  })
}

const calls = { send }
serve(calls)
