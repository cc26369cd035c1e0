import type { Suppression } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { freshTenant } from './samples.ts'

const suppression = (address: string, more: Partial<Suppression> = {}): Suppression => ({
  channel: 'email',
  address,
  reason: 'bounce',
  at: '2026-01-31T09:00:00.000Z',
  source: 'mail',
  ...more,
})

export const suppressionsContract = (store: () => Store): void => {
  describe('suppressions', () => {
    test('are found by channel and address, in the given order', async () => {
      const { suppressions } = store()
      const tenant = freshTenant()
      const text = suppression('+4915112345678', { channel: 'sms', reason: 'stop', source: null })
      await suppressions.put(tenant, [suppression('Ada@Example.org', { reason: 'manual' }), text])
      await suppressions.put(tenant, [suppression('Ada@Example.org')])
      await suppressions.put(tenant, [])
      const email = { channel: 'email', address: 'ada@example.ORG' } as const
      expect(
        await suppressions.find(tenant, [
          { channel: 'email', address: 'bob@example.org' },
          { channel: 'sms', address: '+4915112345678' },
          email,
          { channel: 'whatsapp', address: '+4915112345678' },
          email,
        ]),
      ).toEqual([undefined, text, suppression('Ada@Example.org'), undefined, suppression('Ada@Example.org')])
      expect(await suppressions.find(tenant, [])).toEqual([])
      expect(await suppressions.find(freshTenant(), [email])).toEqual([undefined])
      await suppressions.remove(freshTenant(), [{ channel: 'email', address: 'ada@example.org' }])
      await suppressions.remove(tenant, [{ channel: 'sms', address: 'ada@example.org' }])
      expect(await suppressions.find(tenant, [email])).toEqual([suppression('Ada@Example.org')])
      await suppressions.remove(tenant, [{ channel: 'email', address: 'ADA@example.org' }])
      await suppressions.remove(tenant, [{ channel: 'email', address: 'ADA@example.org' }])
      expect(await suppressions.find(tenant, [email])).toEqual([undefined])
    })

    test.each([
      ['whatsapp', '+5215512345678', '+525512345678'],
      ['whatsapp', '+5491123456789', '+541123456789'],
      ['whatsapp', '+551187654321', '+5511987654321'],
      ['sms', '+5215512345678', '+525512345678'],
      ['email', 'Ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ] as const)('%s: %s and %s are one address', async (channel, one, other) => {
      const { suppressions } = store()
      const tenant = freshTenant()
      for (const [reported, kept] of [
        [one, other],
        [other, one],
      ] as const) {
        const stop = suppression(reported, { channel, reason: 'stop' })
        await suppressions.put(tenant, [stop])
        expect(await suppressions.find(tenant, [{ channel, address: kept }])).toEqual([stop])
        await suppressions.remove(tenant, [{ channel, address: kept }])
        expect(await suppressions.find(tenant, [{ channel, address: reported }])).toEqual([undefined])
      }
    })

    test('numbers of different people are distinct', async () => {
      const { suppressions } = store()
      const tenant = freshTenant()
      const numbers = ['+525512345678', '+541123456789', '+5511987654321', '+551133334444', '+15512345678']
      for (const address of numbers) {
        await suppressions.put(tenant, [suppression(address, { channel: 'sms' })])
        const found = await suppressions.find(
          tenant,
          numbers.map((each) => ({ channel: 'sms' as const, address: each })),
        )
        expect(found.map((each) => each?.address)).toEqual(
          numbers.map((each) => (each === address ? each : undefined)),
        )
        await suppressions.remove(tenant, [{ channel: 'sms', address }])
      }
    })

    test('pages list each once', async () => {
      const { suppressions } = store()
      const tenant = freshTenant()
      const all = Array.from({ length: 230 }, (_, index) => suppression(`user-${index}@example.org`))
      await suppressions.put(tenant, all)
      await suppressions.put(freshTenant(), [suppression('elsewhere@example.org')])
      const met: Suppression[] = []
      let after: string | undefined
      do {
        const page = await suppressions.list(tenant, { limit: 50, ...(after === undefined ? {} : { after }) })
        expect(page.suppressions.length).toBeLessThanOrEqual(50)
        met.push(...page.suppressions)
        after = page.next
      } while (after !== undefined)
      expect(met).toHaveLength(all.length)
      expect(new Set(met.map(({ address }) => address))).toEqual(new Set(all.map(({ address }) => address)))
      expect(await suppressions.list(freshTenant(), { limit: 5 })).toEqual({ suppressions: [] })
      for (const after of ['', 'x', `${'x'.repeat(42)}'`])
        await expect(suppressions.list(tenant, { after, limit: 5 })).rejects.toMatchObject({
          problem: { code: 'cursor_invalid' },
        })
    })
  })
}
