import { watchForFullLog } from '@carillon/core/stream/full-log'
import { createLog } from '@carillon/core/telemetry/log'
import { afterEach, expect, test, vi } from 'vitest'
import { openHub, type TestHub } from './testing/hub.ts'

let hub: TestHub | undefined
afterEach(() => hub?.close())

test('with a full disk, publishing returns 503, /readyz shows the reason, and one line is logged', async () => {
  const log = createLog({ level: 'silent', role: 'hub' })
  const levels = (['warn', 'error', 'info'] as const).map((level) => vi.spyOn(log, level))
  const own = await openHub({}, ({ stream, metrics }) => ({
    log,
    stream: watchForFullLog(stream, { log, metrics }),
  }))
  hub = own
  expect((await own.call('GET', '/readyz')).json.status).toBe('ready')
  const { key } = await own.tenant()
  const publish = () =>
    own.call('POST', '/v1/notifications', {
      token: key,
      body: { to: 'ann', type: 'test', title: 'x', body: 'y'.repeat(2_000) },
    })
  const { handle } = own.database
  const { page_count } = handle.prepare('PRAGMA page_count').get() as { page_count: number }
  handle.exec(`PRAGMA max_page_count = ${page_count + 20}`)
  const replies = []
  for (let n = 0; n < 60; n++) replies.push(await publish())
  const refused = replies.filter(({ status }) => status !== 202)
  expect(refused.length).toBeGreaterThan(10)
  for (const { status, json, headers } of refused) {
    expect([status, json.code, json.temporary]).toEqual([503, 'stream_full', true])
    expect(headers.get('retry-after')).toBe('10')
  }
  // Readiness is checked once a second at most.
  await vi.waitFor(async () => expect((await own.call('GET', '/readyz')).json.status).toBe('degraded'), {
    timeout: 10_000,
    interval: 100,
  })
  expect(await own.call('GET', '/readyz')).toMatchObject({
    status: 200,
    json: { status: 'degraded', parts: { stream: expect.stringContaining('full') } },
  })
  expect(levels.map(({ mock }) => mock.calls.length)).toEqual([0, 1, 0])
  expect((await own.call('GET', '/metrics')).text).toContain('carillon_stream_full 1')
})
