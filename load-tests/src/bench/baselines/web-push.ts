import { Agent } from 'node:https'
import webpush from 'web-push'
import { serve } from '../child.ts'
import type { Order } from '../deliveries.ts'
import { PEOPLE, pushFor, subscriptionOf } from '../messages.ts'
import { userOf } from '../payload.ts'
import { inTurn } from './in-turn.ts'

/** As many as Carillon makes to one origin, and sends at once. */
const CONNECTIONS = 64
const AT_ONCE = 128

const keys = webpush.generateVAPIDKeys()
webpush.setVapidDetails('mailto:bench@carillon.example', keys.publicKey, keys.privateKey)
let agent: Agent | undefined

/** Bare web-push, as anybody would use it, with connections that are kept. */
const send = async ({ port, run, count }: Order) => {
  agent ??= new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  await inTurn(count, AT_ONCE, (n) => {
    const subscription = subscriptionOf(userOf(n % PEOPLE), port)
    const payload = JSON.stringify(pushFor({ run, n, at: 0 }))
    return webpush.sendNotification(subscription, payload, { agent, TTL: 86_400, topic: `${run}-${n}` })
  })
}

const calls = { send }
serve(calls)
