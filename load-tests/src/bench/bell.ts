import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../browser/chromium.ts'
import { startCarillon } from '../rig/carillon.ts'
import { locate } from '../rig/tools.ts'
import { scrolling } from './bell-scrolling.ts'
import { type Bench, cleaningUp } from './bench.ts'
import { interleaved, measurement } from './measure.ts'
import { withTimeLimit } from './time-limit.ts'

const CALL_MS = 120_000
const ROUNDS = 15
const ROUNDS_QUICK = 5
/** A page of the hub with nothing on it. */
const PAGE = '/healthz'
const USER = 'bell'
const READER = 'reader'
const SCRIPT = fileURLToPath(new URL('bell-page.js', import.meta.url))

/** A host with a shadow root, or '' for the document, and a selector in it. */
type Place = readonly [string, string]
const BADGE: Place = ['notification-bell', '.badge']
const COUNT: Place = ['', 'li.count']

type Demo = { url: string; apiKey: string; token: string }

const post = async (url: string, body: object, apiKey?: string) => {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify(body),
  })
  if (!reply.ok) throw new Error(`${url}: HTTP ${reply.status}`)
  return reply.json()
}
const send = ({ url, apiKey }: Demo, title: string) =>
  post(`${url}/v1/notifications`, { to: USER, type: 'greeting', title }, apiKey)

/** Calls a function of `bell-page.js`. Rejects after two minutes, such as if an element is never painted. */
const call = (page: Page, name: string, given: unknown) =>
  withTimeLimit(CALL_MS, name, page.evaluate(`${name}(${JSON.stringify(given)})`) as Promise<number>)

const open = async (context: BrowserContext) => {
  const page = await context.newPage()
  await page.addInitScript({ path: SCRIPT })
  return page
}

/** Returns the time from adding something to a new page until it is painted, ms. */
const start = async (context: BrowserContext, demo: Demo, add: string, place: Place) => {
  const page = await open(context)
  await page.goto(demo.url + PAGE)
  const began = await call(page, add, demo)
  const at = await call(page, 'painted', place)
  await page.close()
  return at - began
}

/** Returns the time from the frame of a new item until it is painted, ms. */
const arrival = async (page: Page, demo: Demo, [host, selector]: Place) => {
  // Chromium paints a page in the background once a second.
  await page.bringToFront()
  const before = await call(page, 'count', [host, selector])
  const painted = call(page, 'painted', [host, `${selector}:nth-of-type(${before + 1})`])
  await send(demo, `Item ${before}`)
  return (await painted) - (await call(page, 'lastFrame', null))
}

const openDemo = async (url: string, user = USER): Promise<Demo> => {
  const { apiKey } = await (await fetch(`${url}/demo/config.json`)).json()
  const { token } = await post(`${url}/demo/token`, { user })
  return { url, apiKey, token }
}

/**
 * Measures the bell in Chromium: from the request of its script until its badge is painted, against a script that fetches the
 * inbox and appends an element; and from the frame of an item until the item is painted in an open list, against a page that
 * appends a list element; and the frames while 10,000 items are scrolled.
 */
export const bell: Bench = ({ quick, modes, print }) =>
  cleaningUp(async (later) => {
    if (!modes.includes('embedded')) return
    const { path } = locate('chromium')
    if (!path) throw new Error('the bench of the bell needs Chromium: npm run rig -- install chromium')
    const dir = await mkdtemp(join(tmpdir(), 'carillon-bench-'))
    later(() => rm(dir, { recursive: true }))
    const server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir })
    later(server.stop)
    const demo = await openDemo(server.url)
    await send(demo, 'First')
    const browser = await launchChromium(path)
    later(() => browser.close())
    const rounds = quick ? ROUNDS_QUICK : ROUNDS

    const [starts, bareStarts] = await interleaved(
      rounds,
      async () => start(await browser.newContext({ bypassCSP: true }), demo, 'addBell', BADGE),
      async () => start(await browser.newContext({ bypassCSP: true }), demo, 'addBare', COUNT),
    )
    print([measurement('bell.start', 'ms', starts, bareStarts)])

    const context = await browser.newContext({ bypassCSP: true })
    const [withBell, bare] = [await open(context), await open(context)]
    for (const page of [withBell, bare]) await page.goto(demo.url + PAGE)
    await call(withBell, 'addBell', { ...demo, mode: 'inline' })
    await call(withBell, 'painted', ['notification-bell', 'article'])
    await call(bare, 'listBare', demo)
    await call(bare, 'painted', ['', 'ul.live'])
    const [items, bareItems] = await interleaved(
      rounds,
      () => arrival(withBell, demo, ['notification-bell', 'article']),
      () => arrival(bare, demo, ['', 'li']),
    )
    print([measurement('bell.item', 'ms', items, bareItems)])
    for (const page of [withBell, bare]) await page.close()

    const reader = await openDemo(server.url, READER)
    const openPage = async () => {
      const page = await open(context)
      await page.goto(demo.url + PAGE)
      return page
    }
    const scrolled = await scrolling({
      ...{ quick, call, openPage },
      send: (notifications) =>
        post(
          `${demo.url}/v1/notifications/batch`,
          { notifications: notifications.map((each) => ({ ...each, to: READER, type: 'greeting' })) },
          demo.apiKey,
        ),
      async openBell() {
        const page = await openPage()
        await call(page, 'addBell', { ...reader, mode: 'inline' })
        await page.locator('notification-bell').evaluate((bell) => {
          bell.style.blockSize = '600px'
        })
        await call(page, 'painted', ['notification-bell', 'article'])
        return page
      },
    })
    print([scrolled])
  })
