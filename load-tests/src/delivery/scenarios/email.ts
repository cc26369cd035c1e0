import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Files, copies and headers of an e-mail. */
export const EMAIL: Scenario = {
  title: 'an e-mail has its files, copies and headers; a step whose file was deleted fails',
  run: async ({ account, hub, ledger, mail, ok, send, tenant, user }) => {
    const server = await mail()
    await account('mail', server.account)
    await user('ada', { email: 'ada@home.example' })
    await ok('PUT', '/v1/suppressions/email/gone%40home.example')
    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 7) % 256))
    const upload = async () => {
      const response = await fetch(`${hub()}/v1/attachments?filename=invoice.pdf&lifetime=3600`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.apiKey}`, 'content-type': 'application/pdf' },
        body: bytes,
      })
      expect(response.status).toBe(201)
      return ((await response.json()) as { id: string }).id
    }
    const plan = [{ channel: 'email' as const, when: 'always' as const }]
    const file = await upload()
    const first = await send({
      to: 'ada',
      plan,
      overrides: {
        email: {
          subject: 'Your {{ invoice }}',
          attachments: [{ id: file }],
          cc: ['boss@home.example', 'gone@home.example'],
          bcc: ['audit@home.example'],
          replyTo: 'desk@home.example',
          headers: { 'X-Order': 'A-7' },
        },
      },
    })
    await ledger(first, 'ada', { channel: 'email', state: 'sent' })
    await eventually(() => expect(server.accepted).toHaveLength(1))
    const [got] = server.accepted
    expect(got?.to).toEqual(['ada@home.example', 'boss@home.example', 'audit@home.example'])
    expect(got?.email).toMatchObject({
      subject: 'Your {{ invoice }}',
      replyTo: [{ address: 'desk@home.example' }],
      attachments: [{ filename: 'invoice.pdf', mimeType: 'application/pdf' }],
    })
    expect(Buffer.from(got?.email.attachments[0]?.content as ArrayBuffer).equals(bytes)).toBe(true)
    const { decisions } = await ok<{ decisions: object[] }>(
      'GET',
      `/v1/notifications/${first}/explain?user=ada`,
    )
    expect(decisions).toContainEqual(
      expect.objectContaining({ reason: 'copy_suppressed', path: 'overrides.email.cc.1' }),
    )
    expect(JSON.stringify(decisions)).not.toContain('gone@home.example')

    const second = await send({
      to: 'ada',
      plan: [{ channel: 'email', when: 'always', after: 2 }],
      overrides: { email: { attachments: [{ id: file }] } },
    })
    await ok('DELETE', `/v1/attachments/${file}`)
    await ledger(second, 'ada', { channel: 'email', state: 'failed', reason: 'attachment_missing' })
    expect(server.accepted).toHaveLength(1)
  },
}
