import type { Captured } from '@carillon/core/delivery/captured'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApplication } from '../http/application.ts'
import { createRefusals } from '../http/refused-credentials.ts'
import { createRoutes } from '../http/routes.ts'
import { createHttpServer } from '../http/server.ts'
import type { RateLimit } from '../limits/rate-limit.ts'
import { openHub, type TestHub } from '../testing/hub.ts'
import { type CapturedList, createCaptured } from './captured.ts'
import { demoRoutes } from './demo.ts'

const DEMO = {
  tenant: 'demo',
  url: 'http://localhost:4000',
  apiKey: 'ck_demo',
  natsUrl: null,
  users: ['ada', 'grace'],
  durable: 'nothing is kept',
}

const NO_LIMIT: RateLimit = {
  sender: async () => ({}),
  user: async () => ({}),
  refused: (error) => error,
}

const text = (id: string): Captured => ({
  id,
  at: '2026-01-02T03:04:05.678Z',
  user: 'grace',
  channel: 'sms',
  to: '+15550100',
  text: 'Lunch?\nAt one',
  notification: '019f0000-0000-7000-8000-000000000000',
})
const mail = (id: string): Captured => ({
  ...text(id),
  channel: 'email',
  to: 'grace@example.com',
  subject: 'Lunch?',
  from: 'Acme <news@acme.example>',
  replyTo: 'help@acme.example',
  cc: ['Boss <boss@example.com>'],
  bcc: ['audit@example.com'],
  headers: { 'X-Order': 'A-7' },
  attachments: [{ filename: 'menu.pdf', contentType: 'application/pdf', size: 1_234 }],
  html: '<!doctype html><html><head><title>Lunch?</title></head><body><a href="https://a.example/">Go</a></body></html>',
})

let captured: CapturedList
let test: TestHub
beforeAll(async () => {
  captured = createCaptured()
  test = await openHub({ demo: { ...DEMO, captured } })
})
afterAll(() => test.close())

/** Returns the events of one connection, one at a time. */
const follow = async (server: { listen(port: number, host: string): Promise<number> }) => {
  const port = await server.listen(0, '127.0.0.1')
  const reply = await fetch(`http://127.0.0.1:${port}/demo/captured/events`)
  const reader = (reply.body ?? new ReadableStream<Uint8Array>()).getReader()
  const decoder = new TextDecoder()
  let held = ''
  const next = async (): Promise<string | undefined> => {
    while (!held.includes('\n\n')) {
      const { done, value } = await reader.read()
      if (done) return undefined
      held += decoder.decode(value, { stream: true })
    }
    const end = held.indexOf('\n\n')
    const event = held.slice(0, end)
    held = held.slice(end + 2)
    return event
  }
  return { reply, next, leave: () => reader.cancel() }
}
const followHub = ({ hub }: TestHub) => follow({ listen: async (...at) => (await hub.listen(...at)).port })

describe('captured messages', () => {
  it('are not part of the settings', async () => {
    captured.add(mail('secret'))
    expect((await test.call('GET', '/demo/config.json')).json).toEqual(DEMO)
  })

  it('are listed newest first, without the HTML of e-mails', async () => {
    captured.add(mail('a'))
    captured.add(text('b'))
    const { json, headers } = await test.call<{ captured: object[] }>('GET', '/demo/captured.json')
    expect(headers.get('cache-control')).toBe('no-store')
    const { html: _, ...listed } = mail('a')
    expect(json.captured.slice(0, 2)).toEqual([
      { ...text('b'), html: false },
      { ...listed, html: true },
    ])
  })

  it('are an empty list when nothing captures messages', async () => {
    const bare = await openHub({ demo: DEMO })
    expect((await bare.call('GET', '/demo/captured.json')).json).toEqual({ captured: [] })
    await bare.close()
  })

  it('are not served without the demo', async () => {
    const bare = await openHub()
    for (const path of ['/demo/captured.json', '/demo/captured/events', '/demo/captured/a.html'])
      expect((await bare.call('GET', path)).status, path).toBe(404)
    await bare.close()
  })
})

describe('a captured e-mail', () => {
  it('is shown in a sandbox', async () => {
    captured.add(mail('shown'))
    const reply = await test.call('GET', '/demo/captured/shown.html')
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(reply.headers.get('content-security-policy')).toBe(
      "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'",
    )
    expect(reply.text).toContain('<head><base target="_blank"><title>Lunch?</title>')
  })

  it('returns 404 if it does not exist or is not an e-mail', async () => {
    captured.add(text('short'))
    for (const name of ['short.html', 'nothing.html', '__proto__.html', '.html', 'shown', '..%2Fshown.html'])
      expect((await test.call('GET', `/demo/captured/${name}`)).status, name).toBe(404)
  })
})

describe('the event stream', () => {
  it('sends each message as soon as it is captured', async () => {
    const { reply, next, leave } = await followHub(test)
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('text/event-stream')
    expect(await next()).toBe('retry: 1000')
    captured.add(mail('now'))
    captured.add({ ...text('then'), text: 'one\ntwo\r\nthree' })
    const [first, second] = [await next(), await next()]
    const { html: _, ...listed } = mail('now')
    const prefix = 'event: captured\ndata: '
    expect(JSON.parse(first?.slice(prefix.length) ?? '')).toEqual({ ...listed, html: true })
    expect(second?.startsWith(prefix)).toBe(true)
    expect(JSON.parse(second?.slice(prefix.length) ?? '')).toMatchObject({ text: 'one\ntwo\r\nthree' })
    await leave()
  })

  it('removes its listener when the client disconnects', async () => {
    const listeners = new Set<(message: Captured) => void>()
    let gone = () => {}
    const left = new Promise<void>((resolve) => {
      gone = resolve
    })
    const watched: CapturedList = {
      ...createCaptured(),
      onAdd: (listener) => {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
          gone()
        }
      },
    }
    const hub = await openHub({ demo: { ...DEMO, captured: watched } })
    expect((await hub.call('HEAD', '/demo/captured/events')).status).toBe(200)
    expect(listeners.size).toBe(0)
    const { next, leave } = await followHub(hub)
    await next()
    expect(listeners.size).toBe(1)
    await leave()
    await left
    expect(listeners.size).toBe(0)
    await hub.close()
  })

  it('ends when it is closed, and then does not keep the server open', async () => {
    const { cache, seal, store, log, metrics } = test.ports
    const app = createApplication({ log, metrics })
    const { close } = demoRoutes(
      app,
      createRoutes(app, { cache, seal, rateLimit: NO_LIMIT, refusals: createRefusals({ log }) }),
      {
        demo: DEMO,
        cache,
        users: store.users,
      },
    )
    const server = createHttpServer(app)
    const { next } = await follow(server)
    await next()
    const end = next()
    close()
    // If it kept the server open, this would be cut off long after the test.
    await server.close(3_600_000)
    expect(await end).toBeUndefined()
  })

  it('does not delay closing the hub', async () => {
    const hub = await openHub({ demo: DEMO })
    const { next } = await followHub(hub)
    await next()
    const end = next().catch(() => undefined)
    await hub.close()
    expect(await end).toBeUndefined()
  })
})
