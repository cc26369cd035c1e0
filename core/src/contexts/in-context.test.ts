import type { ContextSettings, TenantSettings } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { unmet } from '../expression/condition.ts'
import { createEngine } from '../template/engine.ts'
import { localeAndZone } from '../template/locale-and-zone.ts'
import { inContext, lookUpInContext } from './in-context.ts'

const settings: TenantSettings = {
  name: 'Carrier',
  logo: 'https://carrier.example/logo.png',
  colors: { primary: '#111111', accent: '#222222' },
  senders: { email: { from: { email: 'hello@carrier.example' }, account: 'main' }, sms: { from: 'CARRIER' } },
  url: 'https://carrier.example/',
  timezone: 'Europe/Berlin',
  locale: 'de',
  attributes: { plan: 'free', region: 'eu' },
  defaults: { channels: { sms: false } },
  otp: { perHour: 5 },
}
const tenant = { id: 'acme', settings }
const own: ContextSettings = {
  name: 'Shop',
  colors: { primary: '#1f4fd8' },
  senders: { email: { replyTo: { email: 'help@shop.example' }, account: 'shop' } },
  locale: 'pt',
  attributes: { plan: 'pro' },
}

describe('the settings in a context', () => {
  test('override those of the tenant: colors, attributes and senders one by one', () => {
    const { settings: found, variables } = inContext({ tenant, key: 'org-7', context: { settings: own } })
    expect(found).toEqual({
      name: 'Shop',
      logo: 'https://carrier.example/logo.png',
      colors: { primary: '#1f4fd8', accent: '#222222' },
      senders: {
        email: {
          from: { email: 'hello@carrier.example' },
          replyTo: { email: 'help@shop.example' },
          account: 'shop',
        },
        sms: { from: 'CARRIER' },
      },
      url: 'https://carrier.example/',
      timezone: 'Europe/Berlin',
      locale: 'pt',
      attributes: { plan: 'pro', region: 'eu' },
    })
    expect(variables.tenant).toMatchObject({ id: 'acme', name: 'Carrier', attributes: { plan: 'free' } })
    expect(variables.context).toMatchObject({ key: 'org-7', name: 'Shop', url: 'https://carrier.example/' })
    for (const hidden of ['senders', 'defaults', 'otp'])
      for (const variable of Object.values(variables)) expect(variable).not.toHaveProperty(hidden)
  })

  test.each([undefined, 'org-7'])('are those of the tenant if there is no such context (%s)', (key) => {
    const { variables } = inContext({ tenant, key })
    const { id: _id, ...general } = variables.tenant
    expect(variables.context).toEqual({ ...(key && { key }), ...general })
  })

  test('are computed once for notifications without a context', async () => {
    let asked = 0
    const cache = {
      tenant: async () => tenant as never,
      context: async () => void asked++,
    } as unknown as Parameters<typeof lookUpInContext>[0]
    const [one, other] = [
      await lookUpInContext(cache, 'acme', undefined),
      await lookUpInContext(cache, 'acme', undefined),
    ]
    expect([one === other, asked]).toEqual([true, 0])
    expect((await lookUpInContext(cache, 'acme', 'org-7')).variables.context.key).toBe('org-7')
    expect(asked).toBe(1)
  })

  test('are visible to templates and conditions, without inherited properties', () => {
    const tenancy = inContext({ tenant, key: 'org-7', context: { settings: own } })
    const recipient = { locale: 'en', timezone: 'UTC', now: 0, messages: [] }
    const render = (template: string) => createEngine('text')(template)(tenancy.variables, recipient).text
    expect(render('{{ context.name }} {{ context.colors.primary }} {{ tenant.attributes.plan }}')).toBe(
      'Shop #1f4fd8 free',
    )
    expect(render('{{ context.constructor }}{{ context.colors.__proto__ }}{{ tenant.toString }}')).toBe('')
    const holds = (text: string) => unmet(text, { data: {}, user: { id: 'ada', profile: {} }, tenancy })
    expect(holds("context.attributes.plan == 'pro' && tenant.attributes.plan == 'free'")).toBeUndefined()
    expect(holds("context.key == 'org-8'")).toEqual({ reason: 'condition_false' })
    expect(holds('context.senders.sms.from')).toMatchObject({ reason: 'condition_error' })
  })
})

describe('the locale and the time zone of a person', () => {
  const tenancy = (context: ContextSettings = {}, general: TenantSettings = settings) =>
    inContext({ tenant: { id: 'acme', settings: general }, key: 'org-7', context: { settings: context } })
      .settings
  const profile = { locale: 'fr', timezone: 'Europe/Paris' }
  const reported = { locale: 'ja', timezone: 'Asia/Tokyo' }
  const inOrg = { locale: 'pt', timezone: 'Europe/Lisbon' }

  test.each([
    ['the profile', { profile, reported }, tenancy(inOrg), profile],
    ['what was reported', { profile: {}, reported }, tenancy(inOrg), reported],
    ['the context', { profile: {} }, tenancy(inOrg), inOrg],
    ['the tenant', { profile: {} }, tenancy(), { locale: 'de', timezone: 'Europe/Berlin' }],
    ['the type, and UTC', { profile: {} }, tenancy({}, {}), { locale: undefined, timezone: 'UTC' }],
    [
      'each on its own',
      { profile: { locale: 'fr' }, reported: { timezone: 'Asia/Tokyo' } },
      tenancy(inOrg),
      { locale: 'fr', timezone: 'Asia/Tokyo' },
    ],
  ])('are those of %s', (_, reader, where, expected) => {
    expect(localeAndZone(reader, where, 7)).toEqual({ ...expected, now: 7 })
  })
})
