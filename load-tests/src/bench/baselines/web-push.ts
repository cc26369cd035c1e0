import { Agent } from 'node:https'
import webpush from 'web-push'
import { serve } from '../child.ts'
import type { Order } from '../deliveries.ts'
import { PEOPLE, pushFor, subscriptionOf } from '../messages.ts'
import { userOf } from '../payload.ts'
import { concurrently } from './concurrently.ts'

/** The same number of connections and concurrent sends as Carillon. */
const CONNECTIONS = 64
const CONCURRENCY = 128

const keys = webpush.generateVAPIDKeys()
webpush.setVapidDetails('mailto:bench@carillon.example', keys.publicKey, keys.privateKey)
let agent: Agent | undefined

/** Sends with bare web-push and keep-alive. */
const send = async ({ port, run, count }: Order) => {
  agent ??= new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  await concurrently(count, CONCURRENCY, (n) => {
    const subscription = subscriptionOf(userOf(n % PEOPLE), port)
    const payload = JSON.stringify(pushFor({ run, n, at: 0 }))
    return webpush.sendNotification(subscription, payload, { agent, TTL: 86_400, topic: `${run}-${n}` })
  })
}

const calls = { send }
serve(calls)
