import { randomUUID } from 'node:crypto'
import type { Address, Outgoing } from '@carillon/core/delivery/provider'
import { renderEmail } from '@carillon/core/render/email'
import type { Channel, NotificationInput, PlanStep } from '@carillon/schemas'
import { freshId, type Mark, notificationFor, TYPE, userOf } from './payload.ts'

/** The number of users with external channels. */
export const PEOPLE = 2_000

export const FROM = { email: 'post@carillon.example', name: 'Bench' }
export const emailOf = (user: string): string => `${user}@people.example`

/** As long as a URL from Carillon. */
export const UNSUBSCRIBE_URL = `http://localhost:4000/v1/unsubscribe/${'x'.repeat(230)}`

/** The signing secret of webhooks. */
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** Returns a browser subscription with its own URL and the keys of the example in RFC 8291. */
export const subscriptionOf = (user: string, port: number) => ({
  endpoint: `https://127.0.0.1:${port}/${user}`,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
})

const numberOf = ({ run, n }: Mark) => `(${run}.${n})`

/** E-mails differ only in their titles. */
const notificationOf = (mark: Mark, to: NotificationInput['to']) => ({
  ...notificationFor(mark, to),
  title: `Grace replied to you ${numberOf(mark)}`,
})

const personOf = ({ n }: Mark) => userOf(n % PEOPLE)

/** Returns the nth notification of a run, for one of PEOPLE, with one step. */
export const plannedFor = (mark: Mark, tenant: string, step: PlanStep): NotificationInput => ({
  ...notificationOf(mark, personOf(mark)),
  id: freshId(mark, tenant),
  plan: [step],
})

const addressOf = (user: string, channel: Channel, port: number): Address => {
  if (channel === 'email') return { kind: 'email', email: emailOf(user) }
  if (channel !== 'push') return { kind: 'account' }
  return { kind: 'device', id: 'browser', device: { kind: 'web-push', ...subscriptionOf(user, port) } }
}

/** Returns the same notification as a channel receives it, at negligible cost. `port`: of the push service. */
export const outgoingFor = (mark: Mark, channel: Channel, port: number): Outgoing => {
  const user = personOf(mark)
  const { title, body, url, data } = notificationOf(mark, user)
  const id = `019c1d3e-${mark.run}-${mark.n}`
  const now = Date.now()
  return {
    tenant: 'bench',
    user,
    channel,
    notification: id,
    item: id,
    type: TYPE,
    priority: 'normal',
    at: now,
    expiresAt: now + 86_400_000,
    address: addressOf(user, channel, port),
    content: { title, body, url: `http://localhost:4000${url}`, actor: { name: 'Grace Hopper' }, data },
    key: id,
    attempt: 1,
    unsubscribeUrl: UNSUBSCRIBE_URL,
  }
}

const SAMPLE = { run: 0, n: 0, at: 0 }
const mail = renderEmail(outgoingFor(SAMPLE, 'email', 0))

/** Returns the same notification as an e-mail, at negligible cost because nodemailer renders nothing either. */
export const mailFor = (mark: Mark) => {
  const numbered = (text: string) => text.replaceAll(numberOf(SAMPLE), numberOf(mark))
  return {
    to: { name: '', address: emailOf(personOf(mark)) },
    subject: numbered(mail.subject),
    text: numbered(mail.text),
    html: numbered(mail.html),
  }
}

/** Returns the same notification as the body of a webhook. */
export const webhookFor = (mark: Mark) => {
  const { to: user, ...content } = notificationOf(mark, personOf(mark))
  const timestamp = new Date().toISOString()
  return {
    type: 'notification',
    timestamp,
    data: { notification: randomUUID(), user, priority: 'normal', ...content },
  }
}

/** Returns the same notification as a service worker receives it. */
export const pushFor = (mark: Mark) => {
  const { title, body, url, data } = notificationOf(mark, '')
  const notification = randomUUID()
  return { title, body, url: `http://localhost:4000${url}`, tag: notification, notification, data }
}
