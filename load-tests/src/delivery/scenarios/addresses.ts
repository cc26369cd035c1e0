import { expect } from 'vitest'
import { eventually, type Scenario } from '../scene.ts'
import { PUBLIC_URL } from '../stage.ts'

/** Ids, addresses, texts and links as other systems write them. */
export const ADDRESSES: Scenario[] = [
  {
    title: 'a STOP from another form of the number ends what goes to the one on file',
    play: async ({ account, hub, ledger, ok, phones, send, user }) => {
      /** Reports are answered once the log has them, and applied right after that. */
      const suppressed = (reasons: string[]) =>
        eventually(async () => {
          const { suppressions } = await ok<{ suppressions: { reason: string }[] }>('GET', '/v1/suppressions')
          expect(suppressions.map(({ reason }) => reason)).toEqual(reasons)
        })
      const company = await phones()
      await account('phone', { ...company.account, channels: ['whatsapp'] })
      const plan = [{ channel: 'whatsapp' as const, when: 'always' as const }]
      for (const [id, phone, reported] of [
        ['mx', '+525512345678', '+5215512345678'],
        ['ar', '+541123456789', '+5491123456789'],
        ['br', '+5581987654321', '+558187654321'],
      ] as const) {
        await user(id, { phone })
        const first = await send({ to: id, plan })
        await ledger(first, id, { channel: 'whatsapp', state: 'sent' })
        const text = company.taken.at(-1)
        if (!text) throw new Error('it was sent elsewhere')
        expect(text.to).toBe(`whatsapp:${phone}`)
        const ways = { publicUrl: PUBLIC_URL, hub: hub() }
        const receipt = { MessageStatus: 'delivered', To: `whatsapp:${reported}` }
        expect(await company.report(text, receipt, ways)).toBe(204)
        await ledger(first, id, { channel: 'whatsapp', state: 'delivered' })
        const answered = { From: `whatsapp:${reported}`, To: 'whatsapp:+15550100' }
        expect(await company.report(text, { ...answered, Body: 'Stop.' }, ways)).toBe(200)
        await suppressed(['stop'])
        const second = await send({ to: id, plan })
        await ledger(second, id, { channel: 'whatsapp', state: 'skipped', reason: 'suppressed' })
        expect(await company.report(text, { ...answered, Body: 'START' }, ways)).toBe(200)
        await suppressed([])
        const third = await send({ to: id, plan })
        await ledger(third, id, { channel: 'whatsapp', state: 'sent' })
      }
    },
  },
  {
    title: 'a foreign id, an address beyond ASCII, a hostile text and a path arrive as they should',
    play: async ({ account, app, ledger, mail, ok, send, user }) => {
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
      await eventually(() => expect(server.taken).toHaveLength(1))
      const [{ to, email } = { to: [], email: undefined }] = server.taken
      // As the stand-in shows what it got as an A-label.
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
