import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { subscribedBrowser } from '../delivery/stand-ins/browser.ts'
import { type Hub, startHub } from './hub.ts'
import { ask, signedIn, subscribed, withPush } from './push-browser.ts'
import { subscribingTo } from './push-service.ts'

const executablePath = inject('chromium')

/** Serves an app with a page and a service worker that imports that of the hub. */
const serveApp = async (hub: string) => {
  const app = createServer((request, response) => {
    const isWorker = request.url === '/worker.js'
    response.setHeader('content-type', isWorker ? 'text/javascript' : 'text/html')
    response.end(isWorker ? `importScripts('${hub}/push-worker.js')` : '<!doctype html><title>App</title>')
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  return { url: `http://127.0.0.1:${(app.address() as AddressInfo).port}`, app }
}

// Scripts of the service worker, whose types differ from those of a page.
/** Lists the notifications under the lock of the worker: Chromium drops one that is just being shown. */
const LISTED = `navigator.locks.request('carillon-push', () => registration.getNotifications())`
const SHOWN = `${LISTED}.then((all) => all.map(({ title, body, actions }) =>
  ({ title, body, actions: actions.map(({ action, title }) => ({ action, title })) })))`
/** The number of unsent reports. */
const WAITING = `caches.open('carillon-push').then((cache) => cache.match('/carillon-push.json'))
  .then((config) => config.json()).then(({ waiting }) => waiting.length)`
const click = (action: string) => `${LISTED}.then(([notification]) => {
  dispatchEvent(new NotificationEvent('notificationclick', { notification, action: '${action}' })) })`

describe.skipIf(!executablePath)(`web push in Chromium${executablePath ? '' : ' (not installed)'}`, () => {
  let hub: Hub

  beforeAll(async () => {
    hub = await startHub(executablePath!)
  })
  afterAll(() => hub?.close())

  /** Waits until a delivery by push has the state. */
  const hasState = (id: string, state: string) =>
    vi.waitFor(async () => {
      const { deliveries } = await hub.call('GET', `/v1/notifications/${id}/deliveries`)
      const pushes = deliveries.filter(({ channel }: { channel: string }) => channel === 'push')
      expect(pushes).toMatchObject([{ state }])
    }, 15_000)
  const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000 })

  const devices = async (user: string) =>
    (await hub.call('GET', `/v1/users/${user}/devices`)).devices.map(({ kind }: { kind: string }) => kind)

  test('a push is displayed, reports that it was delivered, and opens the link of a button', async () => {
    const { page, worker, push, close } = await subscribed(hub, 'ada')
    expect([await ask(page, 'enable'), await ask(page, 'state')]).toEqual(['on', 'on'])
    expect(await devices('ada')).toEqual(['web-push'])
    const { id } = await push({
      title: 'Grüße',
      body: 'from far away',
      url: '/posts/7',
      actions: [{ name: 'answer', label: 'Answer', url: '/posts/7/answer' }],
    })
    await until(async () =>
      expect(await worker.evaluate(SHOWN)).toEqual([
        { title: 'Grüße', body: 'from far away', actions: [{ action: 'answer', title: 'Answer' }] },
      ]),
    )
    await hasState(id, 'delivered')
    expect(await worker.evaluate('badges')).toContain(1)
    await worker.evaluate(click('answer'))
    // A path belongs to the origin of the worker.
    await until(async () =>
      expect(await worker.evaluate('opened')).toEqual([`${hub.server.url}/posts/7/answer`]),
    )
    await hasState(id, 'clicked')
    expect(await worker.evaluate(SHOWN)).toEqual([])
    await until(async () => expect(await worker.evaluate('badges.at(-1)')).toBe(0))
    const { items } = await hub.call('GET', '/v1/inbox', undefined, await hub.tokenOf('ada'))
    expect(items).toMatchObject([
      { readAt: expect.any(String), clickedAt: expect.any(String), acted: { answer: expect.any(String) } },
    ])
    expect(await ask(page, 'disable')).toBe('off')
    expect([await ask(page, 'state'), await devices('ada')]).toEqual(['off', []])
    await close()
  })

  test('a click uses a window of the app, and a button without a link opens none', async () => {
    const { page, worker, push, close } = await subscribed(hub, 'bob')
    // As after a reload: the worker controls the page.
    await worker.evaluate('clients.claim()')
    const { id } = await push({
      title: 'A',
      url: '/?user=bob&item=7',
      actions: [{ name: 'done', label: 'Done' }],
    })
    await hasState(id, 'delivered')
    await worker.evaluate(click(''))
    await until(async () => expect(page.url()).toBe(`${hub.server.url}/?user=bob&item=7`))
    await until(async () =>
      expect(await worker.evaluate('focused')).toEqual([`${hub.server.url}/?user=bob&item=7`]),
    )
    const second = await push({ title: 'B', actions: [{ name: 'done', label: 'Done' }] })
    await hasState(second.id, 'delivered')
    await worker.evaluate(click('done'))
    await hasState(second.id, 'clicked')
    expect(await worker.evaluate('[opened.length, focused.length]')).toEqual([0, 1])
    const { items } = await hub.call('GET', '/v1/inbox', undefined, await hub.tokenOf('bob'))
    expect(items[0]).toMatchObject({ title: 'B', acted: { done: expect.any(String) } })
    await close()
  })

  test('pushes of a group are one notification with their number; the next push removes the ones that were read elsewhere', async () => {
    await hub.call('PUT', '/v1/types/comment.created', { group: '{{ data.post }}' })
    const { worker, push, deliver, close } = await subscribed(hub, 'cleo')
    const comment = (title: string) => push({ type: 'comment.created', title, data: { post: 'post-7' } })
    const titles = async () =>
      ((await worker.evaluate(SHOWN)) as { title: string }[]).map(({ title }) => title).sort()
    await comment('one')
    const { payload } = await comment('two')
    await until(async () => expect(await titles()).toEqual(['two (2)']))
    await deliver(JSON.stringify(payload))
    await Promise.all([comment('three'), comment('four')])
    await until(async () => expect(await titles()).toEqual([expect.stringMatching(/^(three|four) \(4\)$/)]))
    await until(async () => expect(await worker.evaluate('badges.at(-1)')).toBe(4))
    await hub.call('POST', '/v1/inbox/read-all', {}, await hub.tokenOf('cleo'))
    await push({ title: 'other' })
    await until(async () => expect(await titles()).toEqual(['other']))
    await until(async () => expect(await worker.evaluate('badges.at(-1)')).toBe(1))
    await close()
  })

  test('pushes are shown while others are reported', async () => {
    const { worker, deliver, close } = await subscribed(hub, 'iris')
    // Reports are answered at once, so that they overlap with many pushes.
    await worker.evaluate('fetch = async () => Response.json({ withdraw: [] }); 0')
    const titles = Array.from({ length: 30 }, (_, n) => `push ${n}`).sort()
    for (const title of titles)
      await deliver(JSON.stringify({ notification: title, tag: title, title, report: title }))
    await until(async () => {
      const shown = (await worker.evaluate(SHOWN)) as { title: string }[]
      expect(shown.map(({ title }) => title).sort()).toEqual(titles)
    })
    await close()
  })

  test('a message that arrives during a report keeps its group', async () => {
    const { worker, deliver, close } = await subscribed(hub, 'jack')
    await worker.evaluate('answers = []; fetch = () => new Promise((resolve) => answers.push(resolve)); 0')
    const message = (name: string, group?: string) =>
      deliver(JSON.stringify({ notification: name, tag: name, title: name, item: name, report: name, group }))
    const titles = async () =>
      ((await worker.evaluate(SHOWN)) as { title: string }[]).map(({ title }) => title).sort()
    const reports = (count: number) =>
      until(async () => expect(await worker.evaluate('answers.length')).toBe(count))
    const answer = (withdraw: string[]) =>
      worker.evaluate(`answers.at(-1)(Response.json(${JSON.stringify({ withdraw })})); 0`)
    await message('one', 'group')
    await reports(1)
    await answer([])
    await message('other')
    await reports(2)
    await message('two', 'group')
    await until(async () => expect(await titles()).toEqual(['other', 'two (2)']))
    await answer(['one'])
    await reports(3)
    await answer([])
    expect(await titles()).toEqual(['other', 'two (2)'])
    await close()
  })

  test('an open page updates the badge, and removes notifications that were read elsewhere', async () => {
    const { page, worker, push, close } = await subscribed(hub, 'dan')
    await page.evaluate(`badges = []; navigator.setAppBadge = async (unread) => { badges.push(unread) }`)
    await page.evaluate(`Promise.all([import('/client.js'), fetch('/demo/token', { method: 'POST',
      headers: { 'content-type': 'application/json' }, body: '{"user":"dan"}' }).then((answer) => answer.json())])
      .then(([{ createClient }, { token }]) => { push.follow(createClient({ url: '/', token }).counts) })`)
    const { id } = await push({ title: 'A' })
    await hasState(id, 'delivered')
    await until(async () => expect(await page.evaluate('badges.at(-1)')).toBe(1))
    await hub.call('POST', '/v1/inbox/read-all', {}, await hub.tokenOf('dan'))
    await until(async () => expect(await worker.evaluate(SHOWN)).toEqual([]))
    await until(async () => expect(await page.evaluate('badges.at(-1)')).toBe(0))
    await close()
  })

  test('a changed subscription is renewed by the worker, and a lost one by the page', async () => {
    const { page, worker, close } = await subscribed(hub, 'eve')
    const list = async () =>
      (await hub.call('GET', '/v1/users/eve/devices')).devices.map(({ id }: { id: string }) => id)
    const [before] = await list()
    const { device } = await subscribedBrowser()
    const changed = { endpoint: `${device.endpoint}/changed`, keys: device.keys }
    await worker.evaluate(
      `PushManager.prototype.subscribe = async () => ({ toJSON: () => (${JSON.stringify(changed)}) })`,
    )
    await worker.evaluate(`dispatchEvent(new ExtendableEvent('pushsubscriptionchange')), 0`)
    // The new one is stored before the old one is removed.
    await until(async () => {
      const ids = await list()
      expect([ids.length, ids.includes(before)]).toEqual([1, false])
    })
    // The demo page resumes push itself, which would be too early here.
    await page.route('**/demo/push.js', (route) => route.abort())
    await page.reload()
    await page.evaluate(withPush('eve'))
    expect([await ask(page, 'state'), await ask(page, 'resume'), await ask(page, 'state')]).toEqual([
      'off',
      'on',
      'on',
    ])
    expect(await list()).toContain(before)
    await ask(page, 'disable')
    expect(await ask(page, 'resume')).toBe('off')
    await close()
  })

  test("an app's own worker imports the worker of the hub: paths open in the app, and reports go to the hub", async () => {
    const { url, app } = await serveApp(hub.server.url)
    const { worker, push, close } = await subscribed(hub, 'gwen', { site: url })
    const { id } = await push({ title: 'A', url: '/posts/7' })
    await hasState(id, 'delivered')
    await worker.evaluate(click(''))
    await until(async () => expect(await worker.evaluate('opened')).toEqual([`${url}/posts/7`]))
    await hasState(id, 'clicked')
    await close()
    app.close()
  })

  test('failed reports are repeated with the next push', async () => {
    const { worker, push, close } = await subscribed(hub, 'hana')
    await worker.evaluate(`online = fetch; fetch = async () => { throw new TypeError('offline') }; 0`)
    const first = await push({ title: 'A' })
    await until(async () => expect(await worker.evaluate(SHOWN)).toHaveLength(1))
    await worker.evaluate(click(''))
    await until(async () => expect(await worker.evaluate(SHOWN)).toEqual([]))
    await until(async () => expect(await worker.evaluate(WAITING)).toBe(2))
    await worker.evaluate('fetch = online; 0')
    const second = await push({ title: 'B' })
    await hasState(second.id, 'delivered')
    await hasState(first.id, 'clicked')
    await until(async () => expect(await worker.evaluate(WAITING)).toBe(0))
    await close()
  })

  test('hostile payloads show nothing or harmless text, and the worker keeps working', async () => {
    const { worker, push, deliver, close } = await subscribed(hub, 'finn')
    for (const data of [
      '',
      'null',
      '[]',
      '{"notification":7}',
      '{',
      '"x"',
      '{"__proto__":{"notification":"n"}}',
    ])
      await deliver(data)
    for (const action of ['__proto__', '']) {
      const hostile = JSON.stringify({
        ...{
          notification: 'n',
          tag: 't',
          title: '<img src=x onerror=alert(1)>\u202e',
          report: 'x'.repeat(3_000),
        },
        url: 'javascript:alert(1)',
        actions: [{ name: '__proto__', label: 'x', url: 'javascript:alert(1)' }],
      })
      await deliver(hostile)
      await until(async () => expect(await worker.evaluate(SHOWN)).toHaveLength(1))
      await worker.evaluate(click(action))
      await until(async () => expect(await worker.evaluate(SHOWN)).toEqual([]))
    }
    const { id } = await push({ title: 'A' })
    await hasState(id, 'delivered')
    expect(((await worker.evaluate('opened')) as string[]).filter((url) => !url.startsWith('http'))).toEqual(
      [],
    )
    await close()
  })

  test('the demo page offers a button to subscribe', async () => {
    const service = await subscribedBrowser()
    const context = await hub.browser.newContext({ permissions: ['notifications'] })
    await context.addInitScript(subscribingTo, service.device)
    const page = await context.newPage()
    await page.goto(`${hub.server.url}/?user=linus`)
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
    const context = await hub.browser.newContext()
    const page = await signedIn(hub, context, 'grace')
    expect([await ask(page, 'enable'), await ask(page, 'state')]).toEqual(['denied', 'denied'])
    expect(await devices('grace')).toEqual([])
    await context.close()
  })
})
