import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { freshTenant } from './samples.ts'

const HUSH = {
  email: 'ada.hush@example.org',
  phone: '+4915100000042',
  token: 'hush-token-of-a-phone-42',
  endpoint: 'https://push.example.org/hush-42',
  config: 'hush-password-42',
  suppressed: 'suppressed.hush@example.org',
  secret: 'hush-tenant-secret-42',
  vapid: 'hush-private-key-42',
  filename: 'hush-invoice-42.pdf',
  file: 'hush-content-of-a-file-42',
  erased: 'erased.hush@example.org',
  scheduled: 'scheduled.hush@example.org',
}

/** `dump` returns everything stored in the place `main`, as text. */
export const atRestContract = (store: () => Store, dump: () => Promise<string>): void => {
  test('contains no addresses, credentials, keys, files or ids of erased users in plain text', async () => {
    const { users, devices, accounts, suppressions, tenants, attachments, schedules } = store()
    const tenant = freshTenant()
    const profile = { name: 'Ada', email: HUSH.email, phone: HUSH.phone }
    await users.merge(tenant, [{ id: 'merged', profile }])
    await users.put(tenant, { id: 'put', profile })
    await devices.put(tenant, 'ada', {
      id: 'phone',
      createdAt: 1,
      device: { kind: 'fcm', token: HUSH.token },
    })
    await devices.put(tenant, 'ada', {
      id: 'tab',
      createdAt: 1,
      device: { kind: 'web-push', endpoint: HUSH.endpoint, keys: { p256dh: 'p', auth: 'a' } },
    })
    await accounts.put(tenant, {
      id: 'mail',
      provider: 'smtp',
      channels: ['email'],
      order: 1,
      config: { password: HUSH.config },
    })
    await suppressions.put(tenant, [
      {
        channel: 'email',
        address: HUSH.suppressed,
        reason: 'manual',
        at: '2026-01-31T09:00:00Z',
        source: null,
      },
    ])
    const bytes = Buffer.from(HUSH.file)
    const file = { id: randomUUID(), expiresAt: Date.now() + 60_000 }
    await attachments.write(tenant, { ...file, index: 0, bytes })
    await attachments.put(tenant, {
      ...{ ...file, filename: HUSH.filename, contentType: 'text/plain' },
      ...{ size: bytes.length, chunks: 1, createdAt: 1 },
    })
    await users.remove(tenant, HUSH.erased)
    const notification = { to: { user: 'ada', email: HUSH.scheduled }, type: 'report' }
    await schedules.put(tenant, {
      ...{ id: 'weekly', definition: { cron: '0 9 * * mon', notification } },
      ...{ sender: 'key', revision: 'r', changedAt: 1 },
    })
    await tenants.put({
      id: tenant,
      secrets: [{ kid: 'k', secret: HUSH.secret }],
      vapid: { publicKey: 'public', privateKey: HUSH.vapid },
      createdAt: '2026-01-31T09:00:00.000Z',
    })
    const kept = await dump()
    expect(kept).toContain(tenant)
    for (const [what, value] of Object.entries(HUSH)) {
      expect(kept.includes(value), what).toBe(false)
      // Cassandra shows bytes in hexadecimal.
      expect(kept.includes(Buffer.from(value).toString('hex')), what).toBe(false)
    }
    const found = await users.get(tenant, ['merged', 'put'])
    expect(found.map((user) => user.profile)).toEqual([profile, profile])
  })
}
