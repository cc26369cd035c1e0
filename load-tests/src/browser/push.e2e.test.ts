import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from '@carillon/client/push'
import type {} from '@carillon/core/testing/provided'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { subscribedBrowser } from '../delivery/stand-ins/browser.ts'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { launchChromium } from './chromium.ts'

const executablePath = inject('chromium')

/**
 * Replaces Chromium's push service, which is not reachable in tests: a subscription gets the stand-in's endpoint, and its
 * messages are delivered over the DevTools protocol. Permission, service worker, encryption and display are real.
 */
const subscribingTo = (device: { endpoint: string; keys: object }) => {
  let asked: PushSubscriptionOptionsInit | undefined
  const bytes = (key: string) =>
    Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0)).buffer
  const subscription = () => ({
    endpoint: device.endpoint,
    options: { applicationServerKey: bytes(String(asked?.applicationServerKey)) },
    toJSON: () => ({ endpoint: device.endpoint, keys: device.keys }),
    unsubscribe: async () => {
      asked = undefined
      return true
    },
  })
  Object.assign(PushManager.prototype, {
    subscribe: async (options: PushSubscriptionOptionsInit) => {
      asked = options
      return subscription()
    },
    getSubscription: async () => (asked ? subscription() : null),
  })
}

/** Returns the page script that signs a user in. */
const withPush = (user: string) => `import('/push.js').then(({ createPush }) => {
  const token = async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch('/demo/token', { method: 'POST', headers, body: '{"user":"${user}"}' })
    return (await answer.json()).token
  }
  globalThis.push = createPush({ url: '/', token })
})`

// Runs in the service worker, whose types differ from those of a page.
const SHOWN = `registration.getNotifications().then((all) => all.map(({ title, body, actions }) =>
  ({ title, body, actions: actions.map(({ action, title }) => ({ action, title })) })))`
/** Only a real click may open a window, so this records the URL instead. */
const OPENED_INTO = `opened = []; clients.openWindow = async (url) => { opened.push(url); return null }`
const click = (action: string) => `registration.getNotifications().then(([notification]) => {
  dispatchEvent(new NotificationEvent('notificationclick', { notification, action: '${action}' })) })`

describe.skipIf(!executablePath)(`web push in Chromium${executablePath ? '' : ' (not installed)'}`, () => {
  let dir: string
  let server: Server
  let browser: Browser
  let apiKey: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'carillon-push-'))
    server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir })
    browser = await launchChromium(executablePath!)
    ;({ apiKey } = (await (await fetch(`${server.url}/demo/config.json`)).json()) as { apiKey: string })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await rm(dir, { recursive: true })
  })

  const call = async (method: string, path: string, body: object) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.ok, await response.clone().text()).toBe(true)
  }

  const signedIn = async (context: BrowserContext, user: string) => {
    const page = await context.newPage()
    await page.goto(`${server.url}/?user=${user}`)
    await page.evaluate(withPush(user))
    return page
  }
  const ask = (page: Page, what: 'state' | 'enable' | 'disable') => page.evaluate(`push.${what}()`)
  const devices = async (user: string) => {
    const headers = { authorization: `Bearer ${apiKey}` }
    const answer = await fetch(`${server.url}/v1/users/${user}/devices`, { headers })
    return ((await answer.json()) as { devices: { kind: string }[] }).devices.map(({ kind }) => kind)
  }

  test('a push is displayed by the subscribed browser and opens its link', async () => {
    const service = await subscribedBrowser()
    await call('PUT', '/v1/providers/web-push', service.account)
    const context = await browser.newContext({ permissions: ['notifications'] })
    await context.addInitScript(subscribingTo, service.device)
    const page = await signedIn(context, 'ada')
    expect(await ask(page, 'state')).toBe('off')
    expect(await ask(page, 'enable')).toBe('on')
    expect([await ask(page, 'enable'), await ask(page, 'state')]).toEqual(['on', 'on'])
    expect(await devices('ada')).toEqual(['web-push'])

    await call('POST', '/v1/notifications', {
      to: 'ada',
      type: 'greeting',
      title: 'Grüße',
      body: 'from far away',
      url: '/posts/7',
      actions: [{ name: 'answer', label: 'Answer', url: '/posts/7/answer' }],
      plan: [{ channel: 'push', when: 'always' }],
    })
    await vi.waitFor(() => expect(service.accepted).toHaveLength(1), { timeout: 10_000 })

    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
    const debug = await context.newCDPSession(page)
    const registered = new Promise<string>((resolve) =>
      debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
        if (first) resolve(first.registrationId)
      }),
    )
    await debug.send('ServiceWorker.enable')
    const data = JSON.stringify(service.accepted[0]?.payload)
    const registrationId = await registered
    await debug.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId, data })
    await vi.waitFor(
      async () =>
        expect(await worker.evaluate(SHOWN)).toEqual([
          { title: 'Grüße', body: 'from far away', actions: [{ action: 'answer', title: 'Answer' }] },
        ]),
      15_000,
    )
    await worker.evaluate(OPENED_INTO)
    await worker.evaluate(click('answer'))
    await vi.waitFor(async () => expect(await worker.evaluate('opened')).toEqual(['/posts/7/answer']), 15_000)
    expect(await worker.evaluate(SHOWN)).toEqual([])

    expect(await ask(page, 'disable')).toBe('off')
    expect([await ask(page, 'state'), await devices('ada')]).toEqual(['off', []])
    await service.close()
    await context.close()
  })

  test('the demo page offers a button to subscribe', async () => {
    const service = await subscribedBrowser()
    const context = await browser.newContext({ permissions: ['notifications'] })
    await context.addInitScript(subscribingTo, service.device)
    const page = await context.newPage()
    await page.goto(`${server.url}/?user=linus`)
    await page.getByRole('button', { name: 'Push to this browser', exact: true }).click()
    await page.getByRole('button', { name: 'Stop push to this browser' }).waitFor()
    expect(await devices('linus')).toEqual(['web-push'])
    await page.getByRole('button', { name: 'Stop push to this browser' }).click()
    await page.getByRole('button', { name: 'Push to this browser', exact: true }).waitFor()
    expect(await devices('linus')).toEqual([])
    await service.close()
    await context.close()
  })

  test('a user who denied permission is not asked again', async () => {
    const context = await browser.newContext()
    const page = await signedIn(context, 'grace')
    expect([await ask(page, 'enable'), await ask(page, 'state')]).toEqual(['denied', 'denied'])
    expect(await devices('grace')).toEqual([])
    await context.close()
  })
})
