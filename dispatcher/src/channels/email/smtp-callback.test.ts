import { ProblemError } from '@carillon/core/errors'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { testTools } from '../testing/channel.ts'
import { smtp } from './smtp.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const config = smtp.config.parse({
  host: 'mail.example.test',
  from: { email: 'a@example.com' },
  callbackSecret: secret,
})

const report = (body: unknown, { with: key = secret, at = new Date(), sent = body } = {}) => {
  const text = JSON.stringify(sent)
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(key).sign('msg_1', at, JSON.stringify(body)),
  }
  return {
    method: 'POST',
    url: 'https://hub.example/v1/callbacks/acme/main',
    headers,
    body: Buffer.from(text),
  }
}
const read = (request: ReturnType<typeof report>, account = config) =>
  smtp.callback?.(request, account, testTools()).then(({ reports }) => reports)

const codeOf = async (reading: Promise<unknown> | undefined) => {
  const error = await reading?.catch((thrown: unknown) => thrown)
  return error instanceof ProblemError ? error.problem.code : error
}

describe('a report', () => {
  const at = '2026-01-02T03:04:05Z'
  const suppress = { channels: ['email'], address: 'mia@example.com' }

  test.each([
    [{ type: 'delivered' }, { state: 'delivered' }],
    [{ type: 'bounce' }, { state: 'failed', reason: 'bounce', suppress: { ...suppress, reason: 'bounce' } }],
    [
      { type: 'bounce', permanent: false },
      { state: 'failed', reason: 'bounce' },
    ],
    [{ type: 'complaint' }, { reason: 'complaint', suppress: { ...suppress, reason: 'complaint' } }],
  ])('%j', async (given, expected) => {
    const body = { ...given, email: 'mia@example.com', messageId: '<k@example.com>', at }
    expect(await read(report(body))).toEqual([{ id: 'k@example.com', at: Date.parse(at), ...expected }])
  })

  test.each(['not-spam', 'auth-failure'])(
    'is ignored if its feedback is not a complaint: %s',
    async (feedbackType) => {
      expect(await read(report({ type: 'complaint', email: 'mia@example.com', feedbackType }))).toEqual([])
    },
  )

  test('may omit id and time', async () => {
    const [found] = (await read(report({ type: 'complaint', email: 'mia@example.com' }))) ?? []
    expect(found?.id).toBeUndefined()
    expect(Math.abs((found?.at ?? 0) - Date.now())).toBeLessThan(60_000)
  })
})

test('a report without a valid signature is rejected', async () => {
  const body = { type: 'bounce', email: 'mia@example.com' }
  const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
  expect(await codeOf(read(report(body, { with: other })))).toBe('forbidden')
  expect(await codeOf(read(report(body, { sent: { ...body, email: 'eve@example.com' } })))).toBe('forbidden')
  expect(await codeOf(read(report(body, { at: new Date(Date.now() - 3_600_000) })))).toBe('forbidden')
  expect(await codeOf(read({ ...report(body), headers: {} as never }))).toBe('forbidden')
  expect(await codeOf(read(report(body), { ...config, callbackSecret: undefined }))).toBe('forbidden')
  expect(await codeOf(read(report({ type: 'bounce' })))).toBe('invalid_request')
  const hostile = { ...body, messageId: { length: { toString: 1 } } }
  expect(await codeOf(read(report(hostile)))).toBe('invalid_request')
})
