import { type Step, secretContext, stepMessage } from '@carillon/core/delivery/step'
import { renderEmail } from '@carillon/core/render/email'
import type { LayoutInput, UserProfile } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { providersOf, scripted } from './testing/scripted.ts'
import { note, sendingWorlds, step, until } from './testing/sending-world.ts'

const open = sendingWorlds()

const LAYOUT: LayoutInput = {
  html: '<i>{{ tenant.name }}</i>{{ content }}',
  messages: { view: 'Open' },
  locales: { de: { messages: { view: 'Öffnen', code: 'Geheim: {code}' } } },
}

const opened = async (profile: UserProfile = {}) => {
  const mail = scripted('mail', ['email'])
  const text = scripted('text', ['sms'], { needs: 'phone' })
  const world = await open({ providers: providersOf(mail, text), publicUrl: 'https://hub.example.org' })
  await world.account('mail')
  await world.account('text')
  const { store, tenant } = world
  await world.person('ada', { email: 'ada@example.org', phone: '+351911111111', ...profile })
  const settings = { name: 'Acme', logo: 'https://cdn.example/logo.png', colors: { primary: '#0f766e' } }
  await store.tenants.putSettings(tenant, settings)
  const layout = (value: LayoutInput, base = 0) =>
    store.library.put(tenant, base, { kind: 'layout', key: 'default', value })
  const code = async (channel: 'email' | 'sms', name?: string) => {
    const at = Date.now()
    const made: Step = {
      ...{ tenant, user: 'ada', notification: `otp-${channel}`, type: 'otp', priority: 'critical', at },
      ...{ toAudience: false, expiresAt: at + 300_000, plan: [step(channel)], index: 0 },
      ...(name && { name }),
    }
    made.secret = world.seal.seal('123456', secretContext(made))
    await world.stream.publish([stepMessage(made)])
    const got = channel === 'email' ? mail.got : text.got
    await until(() => expect(got).toHaveLength(1))
    return got[0]!
  }
  return { ...world, mail, layout, code }
}

describe('a one-time password', () => {
  test('by e-mail is framed with the brand, without a link to unsubscribe, in the language of the user', async () => {
    const { code } = await opened({ locale: 'de-AT' })
    const message = await code('email', 'Bank')
    expect(message.unsubscribeUrl).toBeUndefined()
    const { subject, html, text } = renderEmail(message)
    expect(subject).toBe('Ihr Code für Bank ist 123456')
    expect(text).toBe(
      'Ihr Code für Bank ist 123456\n\nEr gilt 5 Minuten. Geben Sie ihn an niemanden weiter.\n',
    )
    expect(html).toContain('<html lang="de" dir="ltr"')
    expect(html).toContain('<img src="https://cdn.example/logo.png" alt="Acme"')
    expect(html).not.toMatch(/unsubscribe|abbestellen|<a /)
  })

  test('by text message is in the language of the user', async () => {
    const { code } = await opened({ locale: 'pl' })
    expect((await code('sms')).content).toMatchObject({
      title: 'Twój kod to 123456',
      body: 'Jest ważny 5 minut. Nie podawaj go nikomu.',
    })
  })

  test("by e-mail is put into the tenant's default layout, which may replace its words", async () => {
    const { code, layout } = await opened({ locale: 'de' })
    await layout(LAYOUT)
    const { subject, html } = renderEmail(await code('email'))
    expect(subject).toBe('Geheim: 123456')
    expect(html).toContain('<i>Acme</i>')
    expect(html).toContain('Geheim: 123456</h1>')
  })

  test('is sent in the own layout of Carillon if the default layout fails', async () => {
    const { code, layout } = await opened()
    await layout({ html: '{{ content }}{{ data.missing }}' })
    expect(renderEmail(await code('email')).html).toContain('Your code is 123456</h1>')
  })
})

describe('the default layout', () => {
  test('frames e-mails whose type names none, and those without a type', async () => {
    const { layout, mail, send, store, tenant } = await opened({ locale: 'de-AT' })
    const revision = (await layout(LAYOUT)) ?? 0
    const own = { html: 'Own: {{ content }}' }
    await store.library.put(tenant, revision, { kind: 'layout', key: 'own', value: own })
    const content = { title: 'Rechnung', url: 'https://app.example.org/7' }
    await store.types.put(tenant, { key: 'typed', locale: 'de', content }, 'key')
    const channels = { email: { layout: 'own' } }
    await store.types.put(tenant, { key: 'owned', locale: 'de', content, channels }, 'key')
    for (const [index, type] of ['bill.due', 'typed', 'owned'].entries()) {
      await send(note(`n${index}`, [step('email')], { type }))
      await until(() => expect(mail.got).toHaveLength(index + 1))
    }
    const [untyped, typed, owned] = mail.got.map((message) => renderEmail(message).html)
    for (const html of [untyped, typed]) {
      expect(html).toContain('<i>Acme</i>')
      expect(html).toMatch(/>Öffnen<\/a>/)
      expect(html).toContain('>Diese E-Mails abbestellen</a>')
    }
    expect(typed).toContain('<html lang="de" dir="ltr"')
    expect(owned).toMatch(/Own: [\s\S]*>Ansehen<\/a>/)
    expect(owned).not.toContain('<i>Acme</i>')
  })
})
