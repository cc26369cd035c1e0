import type { DryRun } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  await put('/v1/providers/both', { provider: 'parrot', config: { token: 'a-long-token', host: 'h' } })
  await put('/v1/users/ada', { phone: '+351911111111', email: 'ada@example.org' })
})

const put = async (path: string, body: unknown) => {
  const { status, text } = await test.call('PUT', path, { token: tenant.key, body })
  expect(status, text).toBeLessThan(300)
}
const run = async (type: string, more: object = {}) => {
  const { status, json, text } = await test.call<DryRun>('POST', '/v1/notifications', {
    token: tenant.key,
    body: { to: 'ada', type, dryRun: true, ...more },
  })
  expect(status, text).toBe(200)
  return json
}
const decisionsOf = ({ decisions }: DryRun) => decisions[0]?.decisions ?? []
const told = (answer: DryRun) =>
  decisionsOf(answer).map(({ stage, channel, outcome, reason }) =>
    [stage, channel, outcome, reason].filter(Boolean).join(' '),
  )
const step = (channel: string, when = 'always') => ({ channel, when })

it('shows what overrides change, as the recipient would get it', async () => {
  const { json: file } = await test.call<{ id: string }>('POST', '/v1/attachments?filename=invoice.pdf', {
    token: tenant.key,
    body: '%PDF',
    headers: { 'content-type': 'application/pdf' },
  })
  const gone = { channel: 'email', address: 'gone@example.org', reason: 'bounce' } as const
  const at = new Date().toISOString()
  await test.ports.store.suppressions.put(tenant.id, [{ ...gone, at, source: null }])
  await put('/v1/types/bill', {
    content: { title: 'Bill {{ data.number }}', body: 'Pay' },
    // Not rendered, because a literal text replaces it.
    channels: { sms: { text: '{{ data.missing }}' } },
    plan: [step('email'), step('sms')],
  })
  const answer = await run('bill', {
    data: { number: 7 },
    overrides: {
      email: {
        subject: '{{ data.number }} & more',
        attachments: [
          { id: file.id },
          { id: file.id, filename: 'copy.pdf' },
          { url: 'https://files.example/a/b%20c.pdf?signature=secret' },
        ],
        cc: [{ email: 'boss@example.org', name: 'Boss' }, 'gone@example.org'],
        bcc: ['ada@example.org', 'audit@example.org'],
        replyTo: 'billing@example.org',
        headers: { 'X-Order': 'A-7' },
      },
      sms: { text: 'Call <us>' },
    },
  })
  expect(answer.rendered).toMatchObject({
    inbox: { title: 'Bill 7', body: 'Pay' },
    email: {
      subject: '{{ data.number }} & more',
      text: expect.stringContaining('Pay'),
      attachments: ['invoice.pdf', 'copy.pdf', 'b c.pdf'],
      cc: [{ email: 'boss@example.org', name: 'Boss' }],
      bcc: [{ email: 'audit@example.org' }],
      replyTo: { email: 'billing@example.org' },
      headers: { 'X-Order': 'A-7' },
    },
    sms: { text: 'Call <us>' },
    faults: [],
  })
  expect(JSON.stringify(answer)).not.toContain('secret')
  expect(told(answer)).toEqual([
    'audience pass',
    'inbox inbox pass',
    'condition email pass',
    'send email pass copy_suppressed',
    'condition sms pass',
  ])
})

it('decides that a step fails whose template fails, and that the next one is due', async () => {
  await put('/v1/types/bill', {
    content: { title: 'Bill' },
    channels: { sms: { text: 'Pay {{ data.missing }}' } },
    plan: [step('sms'), step('email', 'failed')],
  })
  const answer = await run('bill')
  expect(told(answer)).toEqual([
    'audience pass',
    'inbox inbox pass',
    'condition sms pass',
    'send sms failed template_error',
    'condition email pass',
  ])
  const failed = decisionsOf(answer).find(({ outcome }) => outcome === 'failed')
  expect(failed).toMatchObject({ by: 'type', step: 0 })
  expect(failed?.text).toMatch(
    /^SMS \(step 0\) failed at .*, because a template failed \(template_error: \/channels\/sms\/text, line 1: data\.missing has no value\) \(decided by the type\)\.$/,
  )
  expect(answer.rendered).not.toHaveProperty('sms')
  expect(answer.rendered).toMatchObject({
    email: { subject: 'Bill' },
    faults: [{ channel: 'sms', pointer: '/channels/sms/text', name: 'data.missing' }],
  })
})

it('decides that an item is stored although a text is missing', async () => {
  await put('/v1/types/bill', { name: 'A bill', content: { title: '{{ data.missing }}', body: 'Pay' } })
  const answer = await run('bill')
  expect(told(answer)).toEqual(['audience pass', 'inbox inbox pass template_error'])
  expect(decisionsOf(answer)[1]).toMatchObject({ path: 'content.title' })
  expect(answer.rendered?.inbox).toMatchObject({ title: 'A bill', body: 'Pay' })
})

it('names the variant that the user gets', async () => {
  await put('/v1/types/bill', {
    content: { title: 'Bill' },
    variants: [
      { key: 'plain', weight: 1, if: 'data.plain' },
      {
        key: 'kind',
        weight: 1,
        if: '!data.plain',
        content: { title: 'A bill, please' },
        plan: [step('sms')],
      },
    ],
  })
  const answer = await run('bill', { data: { plain: false } })
  expect(answer.rendered).toMatchObject({ variant: 'kind', sms: { text: 'A bill, please' } })
  expect(decisionsOf(answer).map(({ stage, variant }) => [stage, variant])).toEqual([
    ['audience', undefined],
    ['inbox', 'kind'],
    ['condition', 'kind'],
  ])
  const other = await run('bill', { data: { plain: true } })
  expect(other.rendered).toMatchObject({ variant: 'plain', inbox: { title: 'Bill' } })
})

it('says what failed in a condition', async () => {
  await put('/v1/types/bill', { content: { title: 'Bill' }, plan: [{ ...step('sms'), if: 'data.vip' }] })
  const [decision] = decisionsOf(await run('bill')).slice(-1)
  expect(decision).toMatchObject({ reason: 'condition_error', detail: 'character 6: no such key: vip' })
  expect(decision?.text).toContain('(character 6: no such key: vip)')
})

it('marks a test as the message would be', async () => {
  await put('/v1/types/bill', { content: { title: 'Bill' }, plan: [step('email'), step('sms')] })
  expect((await run('bill', { test: true })).rendered).toMatchObject({
    inbox: { title: '[Test] Bill' },
    email: { subject: '[Test] Bill' },
    sms: { text: '[Test] Bill' },
  })
})

it('has no unsubscribe link for what nobody can unsubscribe from, and in an e-mail with copies', async () => {
  const own = await openHub({ publicUrl: 'https://hub.example' })
  try {
    tenant = await own.tenant()
    const call = (method: string, path: string, body: object) =>
      own.call<DryRun>(method, path, { token: tenant.key, body })
    const account = { provider: 'parrot', config: { token: 'a-long-token', host: 'h' } }
    await call('PUT', '/v1/providers/both', account)
    await call('PUT', '/v1/users/ada', { email: 'ada@example.org' })
    const linked = async (optOut: boolean, more = {}) => {
      await call('PUT', '/v1/types/bill', { optOut, content: { title: 'Bill' }, plan: [step('email')] })
      const note = { to: 'ada', type: 'bill', dryRun: true, ...more }
      const { json } = await call('POST', '/v1/notifications', note)
      return json.rendered?.email?.text.includes('Unsubscribe from these e-mails:')
    }
    expect(await linked(true)).toBe(true)
    expect(await linked(false)).toBe(false)
    expect(await linked(true, { overrides: { email: { cc: ['boss@example.org'] } } })).toBe(false)
  } finally {
    await own.close()
  }
})
