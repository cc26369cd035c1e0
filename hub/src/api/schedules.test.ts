import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub({ unknownTypes: 'refuse' })
})
afterAll(() => test.close())

const NOTE = { to: { topic: 'team-7' }, type: 'report.weekly', data: { week: 27 } }
const weekly = { cron: '0 9 * * mon', timezone: 'Europe/Lisbon', notification: NOTE }
const AT = '/v1/schedules/weekly-report'

/** Returns a tenant that has the type of `NOTE`. */
const prepared = async () => {
  const tenant = await test.tenant()
  const schema = { type: 'object', properties: { week: { type: 'integer' } }, required: ['week'] }
  await test.call('PUT', '/v1/types/report.weekly', { token: tenant.key, body: { schema } })
  const call = <T = Record<string, unknown>>(method: string, at: string, body?: unknown, match?: string) =>
    test.call<T>(method, at, {
      token: tenant.key,
      ...(body === undefined ? {} : { body }),
      ...(match === undefined ? {} : { headers: { 'if-match': match } }),
    })
  return { ...tenant, call }
}

/** Records what schedules of a tenant wait for in the log: the key and instant of each message, `undefined` if cancelled. */
const watched = (tenant: string) => {
  const waiting = new Map<string, number>()
  const { stream } = test.ports
  const [publish, cancel] = [stream.publish.bind(stream), stream.cancel.bind(stream)]
  vi.spyOn(stream, 'publish').mockImplementation(async (messages) => {
    const published = await publish(messages)
    for (const { schedule } of messages)
      if (schedule?.key.startsWith(`schedule.${tenant}.schedule.`)) waiting.set(schedule.key, schedule.at)
    return published
  })
  vi.spyOn(stream, 'cancel').mockImplementation(async (keys) => {
    for (const key of keys) waiting.delete(key)
    return cancel(keys)
  })
  return {
    instants: () => [...waiting.values()].map((at) => new Date(at).toISOString()),
    restore: () => vi.restoreAllMocks(),
  }
}

describe('a schedule', () => {
  it('is created, returned, replaced, changed and deleted, and waits in the log for its next run', async () => {
    const { call, id } = await prepared()
    const log = watched(id)
    const put = await call('PUT', AT, weekly)
    expect([put.status, put.json]).toEqual([200, { id: 'weekly-report', ...weekly }])
    const got = await call('GET', AT)
    expect([got.status, got.json]).toEqual([200, put.json])
    const next = await call<{ runs: string[] }>('GET', `${AT}/next?count=2`)
    expect(next.json.runs).toHaveLength(2)
    const instants = () => log.instants().map((at) => at.replace('.000Z', 'Z'))
    expect(instants()).toEqual([next.json.runs[0]])

    const again = await call('PUT', AT, got.json)
    expect([again.json, again.headers.get('etag')]).toEqual([got.json, got.headers.get('etag')])

    const paused = await call('PATCH', AT, { paused: true, notification: { data: { week: 28 } } })
    expect(paused.json).toEqual({
      ...got.json,
      paused: true,
      notification: { ...NOTE, data: { week: 28 } },
    })
    expect(instants()).toEqual([])
    expect((await call('GET', `${AT}/next`)).json).toEqual({ runs: [] })
    const resumed = await call('PATCH', AT, { paused: null, timezone: null, local: true })
    expect(resumed.json).toMatchObject({ local: true })
    expect(resumed.json).not.toHaveProperty('timezone')
    const local = await call<{ runs: string[] }>('GET', `${AT}/next`)
    expect(local.json.runs).toHaveLength(5)
    // 09:00 on a Monday in UTC+14.
    expect(local.json.runs[0]).toMatch(/T19:00:00Z$/)
    expect(instants()).toEqual([local.json.runs[0]])

    expect((await call('DELETE', AT)).status).toBe(204)
    expect((await call('DELETE', AT)).status).toBe(204)
    expect(instants()).toEqual([])
    for (const [method, at] of [
      ['GET', AT],
      ['GET', `${AT}/next`],
      ['PATCH', AT],
    ] as const)
      expect((await call(method, at, method === 'PATCH' ? {} : undefined)).json.code).toBe('not_found')
    log.restore()
  })

  it('keeps who wrote it, and is looked at again if the hub stops during a write', async () => {
    const tenant = await prepared()
    const { stream, store } = test.ports
    const publish = vi.spyOn(stream, 'publish')
    const put = vi.spyOn(store.schedules, 'put').mockImplementationOnce(async () => {
      expect(publish).toHaveBeenCalledTimes(1)
      const [message] = publish.mock.calls[0]![0]
      expect(message?.subject).toBe(`work.run.normal.${tenant.id}`)
      expect(message?.schedule?.at).toBeLessThan(Date.now() + 60_000)
      throw new Error('the process stops here')
    })
    expect((await tenant.call('PUT', AT, weekly)).status).toBe(500)
    put.mockRestore()
    publish.mockRestore()
    await tenant.call('PUT', AT, weekly)
    const [key] = await store.tenants.keys(tenant.id)
    expect(await store.schedules.get(tenant.id, 'weekly-report')).toMatchObject({ sender: key?.id })
  })

  it('is guarded by If-Match, and concurrent patches all take effect', async () => {
    const { call } = await prepared()
    expect((await call('PUT', AT, weekly, '*')).status).toBe(412)
    const tag = (await call('PUT', AT, weekly)).headers.get('etag') ?? ''
    const changed = await call('PUT', AT, { ...weekly, missed: 'skip' }, tag)
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(tag)
    for (const stale of [
      await call('PUT', AT, weekly, tag),
      await call('PATCH', AT, { paused: true }, tag),
      await call('DELETE', AT, undefined, tag),
    ])
      expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed'])
    const patches = [{ paused: true }, { missed: null }, { from: '2026-01-01T00:00:00Z' }]
    const replies = await Promise.all(patches.map((patch) => call('PATCH', AT, patch)))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    const { json } = await call('GET', AT)
    expect(json).toEqual({ id: 'weekly-report', ...weekly, paused: true, from: '2026-01-01T00:00:00Z' })
  })

  it('takes every patch of many at the same time, also with If-Match: *', async () => {
    const { call } = await prepared()
    await call('PUT', AT, weekly)
    const patches = Array.from({ length: 24 }, (_, n) => ({ notification: { data: { [`n${n}`]: n } } }))
    const replies = await Promise.all(
      patches.map((patch, n) => call('PATCH', AT, patch, n % 2 === 0 ? '*' : undefined)),
    )
    expect(replies.filter(({ status }) => status !== 200)).toEqual([])
    const { json } = await call<{ notification: { data: object } }>('GET', AT)
    expect(Object.keys(json.notification.data)).toEqual(expect.arrayContaining(['n0', 'n11', 'n23']))
  })

  it('is listed page by page, for each tenant its own', async () => {
    const { call } = await prepared()
    const ids = ['a', 'b.c', 'constructor', 'd', '__proto__'].sort()
    for (const id of ids) expect((await call('PUT', `/v1/schedules/${id}`, weekly)).status).toBe(200)
    const met: string[] = []
    let next: string | null = null
    do {
      const after: string = next === null ? '' : `&after=${next}`
      const page = await call<{ schedules: { id: string }[]; next: string | null }>(
        'GET',
        `/v1/schedules?limit=2${after}`,
      )
      met.push(...page.json.schedules.map(({ id }) => id))
      next = page.json.next
    } while (next !== null)
    expect(met).toEqual(ids)
    expect((await call('GET', '/v1/schedules?after=nonsense')).json.code).toBe('cursor_invalid')
    const other = await prepared()
    expect((await other.call('GET', '/v1/schedules')).json).toEqual({ schedules: [], next: null })
  })

  it('names the fields that a notification has, but not in a schedule', async () => {
    const { call } = await prepared()
    const notification = { ...NOTE, id: 'n1', deliverAt: '2026-12-01T09:00:00Z', titel: 'x' }
    const { json } = await call<{ errors: unknown }>('PUT', AT, { ...weekly, notification })
    expect(json.errors).toEqual([
      { pointer: '/notification/id', message: 'not allowed in a schedule' },
      { pointer: '/notification/deliverAt', message: 'not allowed in a schedule' },
      { pointer: '/notification/titel', message: 'unknown key; did you mean title?' },
    ])
  })

  it.each([
    [{ cron: '0 0 9 * * mon' }, '/cron'],
    [{ cron: '0 0 30 2 *' }, '/cron'],
    [{ cron: '61 * * * *' }, '/cron'],
    [{ cron: '@daily' }, '/cron'],
    [{ cron: '0  9 * * *' }, '/cron'],
    [{ timezone: 'Mars/Olympus' }, '/timezone'],
    [{ local: true }, '/local'],
    [{ local: false }, '/local'],
    [{ missed: 'all' }, '/missed'],
    [{ from: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }, '/until'],
    [{ until: 'tomorrow' }, '/until'],
    [{ until: '2020-01-01T00:00:00Z' }, '/until'],
    [{ cron: '0 9 1 1 *', from: '2099-02-01T00:00:00Z', until: '2099-12-01T00:00:00Z' }, '/until'],
    [{ notification: { ...NOTE, id: 'n1' } }, '/notification/id'],
    [{ notification: { ...NOTE, deliverAt: '2026-12-01T09:00:00Z' } }, '/notification/deliverAt'],
    [{ notification: { ...NOTE, expiresAt: '2026-12-01T09:00:00Z' } }, '/notification/expiresAt'],
    [{ notification: { ...NOTE, dryRun: true } }, '/notification/dryRun'],
    [{ notification: { ...NOTE, sender: 'me' } }, '/notification/sender'],
    [{ notification: { ...NOTE, to: [] } }, '/notification/to'],
    [{ notification: { ...NOTE, to: { user: 'ada', email: 'none' } } }, '/notification/to/email'],
    [{ notification: { ...NOTE, data: { week: 'x' } } }, '/notification/data/week'],
    [{ notification: { ...NOTE, plan: [{ channel: 'email', if: 'data.x >' }] } }, '/notification/plan/0/if'],
    [{ extra: 1 }, '/extra'],
  ])('is refused and left alone for %j', async (more, pointer) => {
    const { call, id } = await prepared()
    const log = watched(id)
    const reply = await call('PUT', AT, { ...weekly, ...more })
    expect([reply.status, reply.json.errors?.[0]?.pointer]).toEqual([422, pointer])
    expect((await call('GET', AT)).status).toBe(404)
    await call('PUT', AT, weekly)
    const before = log.instants()
    const patch = await call('PATCH', AT, more)
    if (patch.status === 422) expect(log.instants()).toEqual(before)
    log.restore()
  })

  it('is refused with a type that is not defined, and a patch that is no object', async () => {
    const { call } = await prepared()
    const unknown = await call('PUT', AT, { ...weekly, notification: { ...NOTE, type: 'unheard.of' } })
    expect([unknown.status, unknown.json.code]).toEqual([422, 'type_unknown'])
    await call('PUT', AT, weekly)
    expect((await call('PATCH', AT, [1])).status).toBe(422)
    expect((await call('PATCH', AT, { cron: null })).json.errors?.[0]?.pointer).toBe('/cron')
    expect((await call('GET', `${AT}/next?count=0`)).status).toBe(422)
    expect((await call('GET', `${AT}/next?count=101`)).status).toBe(422)
    expect((await call('PUT', '/v1/schedules/no%2Fid', weekly)).status).toBe(422)
  })

  it('is one of at most 1,000 of a tenant', async () => {
    const { call, id } = await prepared()
    const count = vi.spyOn(test.ports.store.schedules, 'count').mockResolvedValue(1_000)
    const beyond = await call('PUT', AT, weekly)
    expect([beyond.status, beyond.json.code]).toEqual([409, 'quota_exceeded'])
    count.mockResolvedValue(999)
    expect((await call('PUT', AT, weekly)).status).toBe(200)
    count.mockResolvedValue(1_000)
    expect((await call('PUT', AT, { ...weekly, paused: true })).status).toBe(200)
    count.mockRestore()
    expect(await test.ports.store.schedules.count(id)).toBe(1)
  })

  it('is not written beyond the quota by many requests at the same time', async () => {
    const { call, id } = await prepared()
    const { schedules } = test.ports.store
    const one = { definition: weekly, sender: 'shop', revision: 'r', changedAt: 0 }
    await Promise.all(Array.from({ length: 990 }, (_, n) => schedules.put(id, { ...one, id: `s${n}` })))
    const many = Array.from({ length: 30 }, (_, n) => call('PUT', `/v1/schedules/t${n}`, weekly))
    const statuses = (await Promise.all(many)).map(({ status }) => status)
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([])
    const created = statuses.filter((status) => status === 200).length
    expect(created).toBeLessThanOrEqual(10)
    expect(await schedules.count(id)).toBe(990 + created)
  })
})
