import { randomUUID } from 'node:crypto'
import { renderEmail } from '@carillon/dispatcher/render/email'
import type { NotificationInput, PlanStep } from '@carillon/schemas'
import { freshId, type Mark, notificationFor, TYPE, userOf } from './payload.ts'

/** People who are reached outside the bell. */
export const PEOPLE = 2_000

export const FROM = { email: 'post@carillon.example', name: 'Bench' }
export const emailOf = (user: string): string => `${user}@people.example`

/** The secret that webhooks are signed with. */
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** A browser's subscription: everybody's has the keys of RFC 8291's example, and a place of its own. */
export const subscriptionOf = (user: string, port: number) => ({
  endpoint: `https://127.0.0.1:${port}/${user}`,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
})

/** Nothing but its title tells one mail from another. */
const notificationOf = (mark: Mark, to: NotificationInput['to']) => ({
  ...notificationFor(mark, to),
  title: `Grace replied to you (${mark.run}.${mark.n})`,
})

/** The nth of a run, for one of PEOPLE, with one step to take beyond the inbox. */
export const plannedFor = (mark: Mark, tenant: string, step: PlanStep): NotificationInput => ({
  ...notificationOf(mark, userOf(mark.n % PEOPLE)),
  id: freshId(mark, tenant),
  plan: [step],
})

/** The same as a mail, as Carillon would write it, and about as long. */
export const mailFor = (mark: Mark) => {
  const user = userOf(mark.n % PEOPLE)
  const { title, body, url = '', actor } = notificationOf(mark, user)
  const unsubscribeUrl = `http://localhost:4000/v1/unsubscribe/${'x'.repeat(230)}`
  const email = renderEmail({
    ...{ tenant: 'bench', user, channel: 'email', notification: '', type: TYPE, priority: 'normal' },
    ...{ at: 0, expiresAt: 0, address: { kind: 'account' }, key: '', attempt: 1, unsubscribeUrl },
    content: { title, body, url: `http://localhost:4000${url}`, actor: actor as { name: string } },
  })
  return { to: { name: '', address: emailOf(user) }, unsubscribeUrl, ...email }
}

/** The same as a webhook's body. */
export const webhookFor = (mark: Mark) => {
  const user = userOf(mark.n % PEOPLE)
  const { to: _, ...rest } = notificationOf(mark, user)
  return {
    type: 'notification',
    timestamp: new Date().toISOString(),
    data: { notification: randomUUID(), user, priority: 'normal', ...rest },
  }
}

/** The same as what a service worker gets. */
export const pushFor = (mark: Mark) => {
  const { title, body, url, data } = notificationOf(mark, '')
  const notification = randomUUID()
  return { title, body, url, tag: notification, notification, data }
}
