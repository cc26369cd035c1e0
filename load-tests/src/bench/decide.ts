import { inContext } from '@carillon/core/contexts/in-context'
import type { Step } from '@carillon/core/delivery/step'
import { unmet } from '@carillon/core/expression/condition'
import { next } from '@carillon/core/routing/due-step'
import { planning } from '@carillon/core/routing/plan'
import { preferenceOf, subjectOf } from '@carillon/core/routing/preference'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import { scopeOf } from '@carillon/core/template/scope'
import { prepareTemplates } from '@carillon/core/template/type-templates'
import type { NotificationType, Preferences } from '@carillon/schemas'
import { Liquid } from 'liquidjs'
import type { Bench } from './bench.ts'
import { clock } from './machine.ts'
import { interleaved, measurement, median } from './measure.ts'

const AT = Date.parse('2026-01-31T09:00:00Z')
const CHANNELS = ['inbox', 'email', 'sms'] as const

const TEMPLATES = {
  title: 'Order {{ data.number }} is on its way, {{ user.name | default: "there" }}',
  body: '{% for item in data.items %}{{ item.count }} × {{ item.name }}\n{% endfor %}{% if data.express %}By express{% endif %}',
  subject: 'Order {{ data.number }}',
  html: '<h1>Order {{ data.number | escape }}</h1><ul>{% for item in data.items %}<li>{{ item.name | escape }}</li>{% endfor %}</ul>',
  text: 'Order {{ data.number }} is on its way',
}
const TYPE: NotificationType = {
  ...{ key: 'order.shipped', version: 1, category: 'orders', if: 'data.number > 0 && user.id != ""' },
  content: { title: TEMPLATES.title, body: TEMPLATES.body },
  channels: { email: { subject: TEMPLATES.subject, html: TEMPLATES.html }, sms: { text: TEMPLATES.text } },
  plan: [
    { channel: 'email', when: 'unread', after: 600, if: 'data.number < 1000' },
    { channel: 'sms', when: 'failed', after: 0 },
  ],
}
const DATA = {
  number: 7,
  express: true,
  items: [
    { name: 'A lamp & a shade', count: 1 },
    { name: 'Bulbs', count: 4 },
  ],
}
const PREFERENCES: Preferences = { channels: { push: false }, categories: { orders: { email: 'daily' } } }
const ITEM = { receivedAt: null, seenAt: null, readAt: null, archivedAt: null, snoozedUntil: null }
const person = (n: number) => ({ id: `user-${n}`, profile: { name: `Ada ${n}`, locale: 'en-GB' } })

/** Decides what a person gets: an item, and each step when it is due. */
const createDecide = () => {
  const tenancy = inContext({ tenant: { id: 'acme', settings: { defaults: { channels: { sms: true } } } } })
  const subject = subjectOf(TYPE.key, TYPE, undefined, new Set())
  const notification = { data: DATA }
  const expiresAt = AT + 86_400_000
  const planFor = planning({ notification, type: TYPE, expiresAt, subject, tenancy }, AT)
  const addressed = [{ by: 'user' }] as const
  return (n: number): number => {
    const { id, profile } = person(n)
    const planned = planFor({ user: id, addressed, profile, preferences: { user: PREFERENCES } })
    let sent = planned.decisions.length
    for (const [index, { channel, if: condition }] of planned.steps.entries()) {
      const failed = unmet(condition, { data: DATA, user: { id, profile }, tenancy })
      const preference = preferenceOf({ ...subject, addressed }, channel, {
        user: PREFERENCES,
        tenant: tenancy.tenant?.settings.defaults,
      })
      const step: Step = {
        ...{ tenant: 'acme', user: id, notification: 'n', item: 'i', type: TYPE.key, priority: 'normal' },
        ...{ at: AT, expiresAt, plan: planned.steps, index, toAudience: false },
      }
      const facts = { item: ITEM, cancelled: false, erased: false, preference, now: AT }
      const { outcome } = next(step, { ...facts, ...(failed && { unmet: failed }) })
      if (outcome === 'pass') sent++
    }
    return sent
  }
}

const createRender = () => {
  const templates = prepareTemplates(TYPE, { insecureLinks: 'refuse' })
  const tenancy = inContext({ tenant: { id: 'acme', settings: {} } })
  return (n: number): number => {
    const user = person(n)
    const viewer = localeAndZone(user, tenancy.settings, AT)
    const scope = scopeOf({ data: DATA }, user, tenancy)
    let faults = 0
    for (const channel of CHANNELS) faults += templates.render(channel, scope, viewer).faults.length
    if (faults > 0) throw new Error(`${faults} templates failed`)
    return faults
  }
}

/** Renders the same templates with liquidjs alone. */
const createBare = () => {
  const liquid = new Liquid()
  const parsed = Object.values(TEMPLATES).map((template) => liquid.parse(template))
  return (n: number): number => {
    const { id, profile } = person(n)
    const scope = { data: DATA, user: { id, ...profile } }
    let length = 0
    for (const template of parsed) length += String(liquid.renderSync(template, scope)).length
    return length
  }
}

/** Returns the µs per recipient. */
const timed = (work: (n: number) => number, recipients: number) => async (): Promise<number> => {
  const begun = clock()
  for (let n = 0; n < recipients; n++) work(n)
  return ((clock() - begun) * 1_000) / recipients
}

/** Measures deciding and rendering for one recipient in three channels, against liquidjs with the same templates. */
export const decide: Bench = async ({ quick, note, modes, print }) => {
  if (!modes.includes('channel')) return
  note('decide: one recipient, three channels')
  const recipients = quick ? 5_000 : 20_000
  const works = [createDecide(), createRender(), createBare()].map((work) => timed(work, recipients))
  const [deciding, rendering, bare] = works as [
    () => Promise<number>,
    () => Promise<number>,
    () => Promise<number>,
  ]
  await interleaved(1, deciding, rendering, bare)
  const [decided, rendered, plain] = await interleaved(quick ? 5 : 15, deciding, rendering, bare)
  const whole = decided.map((time, round) => 1e6 / (time + (rendered[round] ?? 0)))
  print([
    measurement('decide.decide', 'µs/recipient', decided, rendered, '≤ 1'),
    measurement('decide.render', 'µs/recipient', rendered, plain),
    measurement('decide.rate', 'recipients/s', whole, [1e6 / median(plain)]),
  ])
}
