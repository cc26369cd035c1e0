/**
 * Browsers that are subscribed to web push. The tests deliver the pushes.
 * @module
 */
import type {} from '@carillon/client/push'
import type { BrowserContext, Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { subscribedBrowser } from '../delivery/stand-ins/browser.ts'
import type { Hub } from './hub.ts'
import { subscribingTo } from './push-service.ts'

/** Returns the page script that signs a user in. */
export const withPush = (user: string) => `import('/push.js').then(({ createPush }) => {
  const token = async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch('/demo/token', { method: 'POST', headers, body: '{"user":"${user}"}' })
    return (await answer.json()).token
  }
  globalThis.push = createPush({ url: '/', token })
})`

/** Returns the script of a page of another origin, which has a service worker of its own. */
const withPushFrom = (hub: string, token: string) => `import('${hub}/push.js').then(({ createPush }) => {
  globalThis.push = createPush({ url: '${hub}', token: '${token}', worker: '/worker.js' })
})`

/** Only a real click may open or focus a window, so this records the URL instead. */
const RECORDING = `opened = []; clients.openWindow = async (url) => { opened.push(url); return null }
  focused = []; WindowClient.prototype.focus = async function () { focused.push(this.url); return this }
  badges = []; navigator.setAppBadge = async (unread) => { badges.push(unread) }`

/** Calls a function of `push` in a page. */
export const ask = (page: Page, what: 'state' | 'enable' | 'resume' | 'disable') =>
  page.evaluate(`push.${what}()`)

/** Opens the demo page of a user, with push in the global variable `push`. */
export const signedIn = async (hub: Hub, context: BrowserContext, user: string) => {
  const page = await context.newPage()
  await page.goto(`${hub.server.url}/?user=${user}`)
  await page.evaluate(withPush(user))
  return page
}

/** Opens a browser that is subscribed for a user. Returns functions that send notifications and deliver their pushes. */
export const subscribed = async (hub: Hub, user: string, { site }: { site?: string } = {}) => {
  const service = await subscribedBrowser()
  await hub.call('PUT', '/v1/providers/web-push', service.account)
  const context = await hub.browser.newContext({ permissions: ['notifications'] })
  await context.addInitScript(subscribingTo, service.device)
  const page = site === undefined ? await signedIn(hub, context, user) : await context.newPage()
  if (site !== undefined) {
    await page.goto(site)
    await page.evaluate(withPushFrom(hub.server.url, await hub.tokenOf(user)))
  }
  expect(await ask(page, 'enable')).toBe('on')
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
  await worker.evaluate(RECORDING)
  const debug = await context.newCDPSession(page)
  const registered = new Promise<string>((resolve) =>
    debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
      if (first) resolve(first.registrationId)
    }),
  )
  await debug.send('ServiceWorker.enable')
  const registrationId = await registered
  let seen = 0
  const deliver = async (data: string) => {
    const origin = site ?? hub.server.url
    await debug.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data })
  }
  return {
    ...{ page, worker, context, deliver },
    /** Sends a notification, and delivers its push. Returns the id of the notification, and the payload. */
    push: async (notification: object) => {
      const plan = [{ channel: 'push', when: 'always' }]
      const id = await hub.send(user, { plan, ...notification })
      await vi.waitFor(() => expect(service.accepted.length).toBeGreaterThan(seen), { timeout: 10_000 })
      const payload = service.accepted[seen++]?.payload as Record<string, unknown>
      await deliver(JSON.stringify(payload))
      return { id, payload }
    },
    close: async () => {
      await context.close()
      await service.close()
    },
  }
}
