/**
 * Five tabs of one user in two browsers, while notifications arrive, items are changed in one of them and networks are cut at
 * random. Once the networks are back, every tab shows what the hub has, and each browser has announced every item that nobody has
 * seen, and none twice.
 * `TABS=1-200` runs these seeds.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type {} from '@carillon/core/testing/provided'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createRandom } from '../consistency/random.ts'
import { type CutProxy, startCutProxy } from '../rig/cut-proxy.ts'
import { type Hub, startHub } from './hub.ts'

const executablePath = inject('chromium')
const [FIRST = 1, LAST = 20] = (process.env.TABS ?? '').split('-').filter(Boolean).map(Number)
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, index) => FIRST + index)
const STEPS = 25
const VERBS = ['read', 'unread', 'archive', 'seen', 'readAll'] as const
const WAIT = { timeout: 30_000, interval: 50 }
/** A page of the hub with nothing on it. */
const PAGE = '/healthz'

type State = { settled: boolean; counts: object; items: string[] }
/** The functions of `tabs-model/page.js`. */
declare const begin: (token: string) => void
declare const end: () => void
declare const state: () => State
declare const act: (verb: string, at: number) => void

/** A browser with its own network. */
type Device = { context: BrowserContext; proxy: CutProxy; tabs: Page[]; announced: string[] }

describe.skipIf(!executablePath)(
  `tabs of two browsers${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let hub: Hub
    let devices: Device[]
    let script: string

    const openTab = async ({ context, proxy }: Pick<Device, 'context' | 'proxy'>) => {
      const page = await context.newPage()
      await page.goto(proxy.url + PAGE)
      await page.addScriptTag({ type: 'module', content: script })
      await page.waitForFunction('window.begin')
      return page
    }
    const openDevice = async (count: number): Promise<Device> => {
      const context = await hub.browser.newContext({ bypassCSP: true })
      const announced: string[] = []
      await context.exposeFunction('announce', (id: string) => announced.push(id))
      const proxy = await startCutProxy(hub.server.port)
      const device: Device = { context, proxy, tabs: [], announced }
      for (let index = 0; index < count; index++) device.tabs.push(await openTab(device))
      return device
    }

    beforeAll(async () => {
      hub = await startHub(executablePath!)
      script = await readFile(new URL('tabs-model/page.js', import.meta.url), 'utf8')
      devices = [await openDevice(3), await openDevice(2)]
    })
    afterAll(async () => {
      for (const { proxy } of devices ?? []) await proxy.close()
      await hub?.close()
    })

    /** Starts the client of a tab. It announces what arrives after its first page. */
    const beginIn = async (tab: Page, token: string) => {
      await tab.evaluate((given) => begin(given), token)
      await tab.waitForFunction('state().settled')
    }
    /** What the hub has, in the form of `state`. */
    const fetched = async (token: string): Promise<State> => {
      const { items, counts } = await hub.call('GET', '/v1/inbox?limit=100', undefined, token)
      return {
        settled: true,
        counts,
        items: items.map(
          ({ id, readAt, seenAt }: Record<string, unknown>) =>
            `${id} ${readAt ? 'read' : seenAt ? 'seen' : 'new'}`,
        ),
      }
    }

    test.each(SEEDS)('show the same after networks were cut, seed %i', async (seed) => {
      const random = createRandom(seed)
      const user = `user-${seed}`
      const token = await hub.tokenOf(user)
      for (const { announced } of devices) announced.length = 0
      const cuts = new Map<Device, () => Promise<unknown>>()
      for (const { tabs } of devices) await Promise.all(tabs.map((tab) => beginIn(tab, token)))
      let sent = 0

      const heal = async (device: Device) => {
        await cuts.get(device)?.()
        cuts.delete(device)
      }
      const cut = (device: Device) => {
        if (random.chance(0.3)) {
          // Chromium keeps the WebSocket open, but no frame arrives.
          cuts.set(device, () => device.context.setOffline(false))
          return device.context.setOffline(true)
        }
        device.proxy.cut(random.pick(['silent', 'reset']))
        cuts.set(device, async () => device.proxy.heal())
      }
      /** Replaces a tab, which may lead. */
      const reopen = async (device: Device) => {
        if (cuts.has(device)) return
        const at = random.below(device.tabs.length)
        const old = device.tabs[at]!
        await old.close()
        const tab = await openTab(device)
        await beginIn(tab, token)
        device.tabs[at] = tab
      }

      for (let step = 0; step < STEPS; step++) {
        const device = random.pick(devices)
        const dice = random.next()
        if (dice < 0.4) {
          const count = 1 + random.below(3)
          for (let index = 0; index < count; index++) await hub.send(user, { title: `${sent++}` })
        } else if (dice < 0.65) {
          const [verb, at] = [random.pick(VERBS), random.below(20)]
          await random.pick(device.tabs).evaluate(([name, index]) => act(name, index), [verb, at] as const)
        } else if (dice < 0.8) {
          if (!cuts.has(device)) await cut(device)
        } else if (dice < 0.95) await heal(device)
        else await reopen(device)
        await sleep(random.below(80))
      }
      for (const device of devices) await heal(device)

      for (const { tabs } of devices)
        for (const tab of tabs)
          await expect
            .poll(async () => [await tab.evaluate(() => state()), await fetched(token)], WAIT)
            .toSatisfy(([shown, stored]) => JSON.stringify(shown) === JSON.stringify(stored))
      const unseen = (await fetched(token)).items.flatMap((line) =>
        line.split(' new', 1).filter((id) => id !== line),
      )
      for (const { tabs, announced } of devices) {
        for (const tab of tabs) await tab.evaluate(() => end())
        expect(announced.filter((id, at) => announced.indexOf(id) !== at)).toEqual([])
        // What a tab announced just before it was closed did not reach this process.
        const noted = await tabs[0]!.evaluate(() => Object.values(localStorage).join(' '))
        expect(unseen.filter((id) => !announced.includes(id) && !noted.includes(id))).toEqual([])
      }
    })
  },
)
