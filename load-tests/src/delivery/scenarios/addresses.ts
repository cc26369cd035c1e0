import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'
import { PUBLIC_URL } from '../environment.ts'

/** Scenarios with ids, addresses, texts and links in the formats of other systems. */
export const ADDRESSES: Scenario[] = [
  {
    title: 'a STOP from another form of a number suppresses the number on file',
    run: async ({ account, hub, ledger, ok, phones, send, user }) => {
      /** A report is answered once it is in the log, and applied soon after. */
      const suppressed = (reasons: string[]) =>
        eventually(async () => {
          const { suppressions } = await ok<{ suppressions: { reason: string }[] }>('GET', '/v1/suppressions')
          expect(suppressions.map(({ reason }) => reason)).toEqual(reasons)
        })
      const provider = await phones()
      await account('phone', { ...provider.account, channels: ['whatsapp'] })
      const plan = [{ channel: 'whatsapp' as const, when: 'always' as const }]
      for (const [id, phone, reported] of [
        ['mx', '+525512345678', '+5215512345678'],
        ['ar', '+541123456789', '+5491123456789'],
        ['br', '+5581987654321', '+558187654321'],
      ] as const) {
        await user(id, { phone })
        const first = await send({ to: id, plan })
        await ledger(first, id, { channel: 'whatsapp', state: 'sent' })
        const text = provider.accepted.at(-1)
        if (!text) throw new Error('no text was accepted')
        expect(text.to).toBe(`whatsapp:${phone}`)
        const route = { publicUrl: PUBLIC_URL, hub: hub() }
        const receipt = { MessageStatus: 'delivered', To: `whatsapp:${reported}` }
        expect(await provider.report(text, receipt, route)).toBe(204)
        await ledger(first, id, { channel: 'whatsapp', state: 'delivered' })
        const inbound = { From: `whatsapp:${reported}`, To: 'whatsapp:+15550100' }
        expect(await provider.report(text, { ...inbound, Body: 'Stop.' }, route)).toBe(200)
        await suppressed(['stop'])
        const second = await send({ to: id, plan })
        await ledger(second, id, { channel: 'whatsapp', state: 'skipped', reason: 'suppressed' })
        expect(await provider.report(text, { ...inbound, Body: 'START' }, route)).toBe(200)
        await suppressed([])
        const third = await send({ to: id, plan })
        await ledger(third, id, { channel: 'whatsapp', state: 'sent' })
      }
    },
  },
  {
    title: 'a foreign id, a non-ASCII address, a hostile text and a relative link are delivered correctly',
    run: async ({ account, app, ledger, mail, ok, send, user }) => {
      const server = await mail()
      const id = 'gid://shop/Customer/7'
      await account('mail', server.account)
      await user(id, { email: 'R&D@bücher.example', locale: 'pt_BR' })
      expect(await ok('GET', `/v1/users/${encodeURIComponent(id)}`)).toEqual({
        id,
        email: 'R&D@xn--bcher-kva.example',
        locale: 'pt-BR',
      })
      await ok('PUT', '/v1/tenant', { url: 'https://app.example.org' })
      const client = await app(id)
      const notification = await send({
        id: 'order/9 – josé',
        to: { user: id, timezone: 'Mars/Base' },
        title: 'Invoice\u202egnp.exe \ud83d 👩‍💻',
        body: 'x'.repeat(16_000),
        url: '/für dich?a=ä',
        plan: [{ channel: 'email', when: 'always' }],
      })
      expect(notification).toBe('order/9 – josé')
      await ledger(notification, id, { channel: 'email', state: 'sent' })
      await eventually(() => expect(server.accepted).toHaveLength(1))
      const [{ to, email } = { to: [], email: undefined }] = server.accepted
      // The stand-in decodes the A-label.
      expect(to).toEqual(['R&D@bücher.example'])
      expect(email?.subject).toBe('Invoicegnp.exe \ufffd 👩‍💻')
      expect(email?.text).toContain('https://app.example.org/f%C3%BCr%20dich?a=%C3%A4')
      const feed = client.feed()
      feed.subscribe(() => {})
      await eventually(() =>
        expect(feed.getSnapshot().items).toMatchObject([
          { notification, title: 'Invoicegnp.exe \ufffd 👩‍💻', url: '/f%C3%BCr%20dich?a=%C3%A4' },
        ]),
      )
    },
  },
]
