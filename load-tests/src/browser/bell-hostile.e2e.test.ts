import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type App, startApp } from './app.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }

const SCRIPT = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>'
const SVG = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" onload="hacked=1"/>')}`
const BIDI = '\u202Egnp.exe\u202C'

describe.skipIf(!executablePath)(
  `bad input in the bell${executablePath ? '' : ' (Chromium is not installed)'}`,
  () => {
    let app: App
    beforeAll(async () => {
      app = await startApp(executablePath!)
      for (const display of ['inline', 'banner', 'modal'])
        await app.call('PUT', `/v1/types/notice.${display}`, { display })
    })
    afterAll(() => app?.close())

    test('the hub refuses unsafe links, SVG pictures and long titles with a reason', async () => {
      const refused = [
        { title: 'Link', url: 'javascript:alert(1)' },
        { title: 'Picture', image: SVG },
        { title: 'x'.repeat(100_000) },
      ]
      for (const content of refused)
        await expect(app.send('ada', content)).rejects.toThrow(/: 4(22|13) .*"(pointer|code)"/)
    })

    test('HTML, scripts, unsafe links and overrides are harmless text, wherever an item is shown', async () => {
      const context = await app.browser.newContext()
      const { page, errors, isLive } = await app.openBell(context, 'ada')
      await isLive()
      const hostile = {
        title: `${SCRIPT} ${BIDI}`,
        body: `${SCRIPT} [x](javascript:hacked=1) [y](data:text/html,z) \`${SCRIPT}\` ${BIDI}`,
        actor: { name: SCRIPT },
        category: 'constructor',
        actions: [{ name: '__proto__', label: SCRIPT }],
      }
      await app.send('ada', hostile)
      await page.locator('.toast', { hasText: '<script>' }).waitFor(WAIT)
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
      const item = page.getByRole('article')
      await item.waitFor(WAIT)
      expect(await item.locator('.title').textContent()).toContain(SCRIPT)
      expect(await item.locator('.body').textContent()).toContain(
        '[x](javascript:hacked=1) [y](data:text/html,z)',
      )
      expect(await item.innerHTML()).not.toMatch(/[\u202A-\u202E]/)
      expect(await item.locator('.body a, script, [onerror], .title img, .body img').count()).toBe(0)
      await item.locator('.action').click()
      await item.getByText(': done').waitFor(WAIT)
      for (const display of ['inline', 'banner', 'modal'])
        await app.send('ada', { type: `notice.${display}`, ...hostile })
      await page.getByRole('group', { name: '<img' }).first().waitFor(WAIT)
      await page.keyboard.press('Escape')
      await page.locator('.banner').getByText('<script>').first().waitFor(WAIT)
      await page.getByRole('dialog', { name: '<img' }).waitFor(WAIT)
      expect(await page.evaluate(() => Reflect.get(globalThis, 'hacked'))).toBeUndefined()
      expect(errors).toEqual([])
      await context.close()
    })

    test('items of a hub without validation are harmless', async () => {
      await app.send('grace', { title: 'Seed' })
      const [seed] = await app.inbox('grace')
      const huge = 'Grandiloquent '.repeat(8_000)
      const items = [
        { title: huge, body: huge },
        { title: 'Links', url: 'javascript:hacked=1', image: SVG, actor: { name: 'A', avatar: SVG } },
        { title: 'Buttons', actions: [{ name: 'a', label: 'Go', url: 'javascript:hacked=1' }] },
        { title: 'Relative', url: '//evil.example/x', image: 'javascript:hacked=1' },
      ].map((content, at) => ({ ...seed, ...content, id: `${String(seed!.id).slice(0, -2)}0${at}` }))
      const context = await app.browser.newContext()
      await context.route(/\/v1\/inbox\?/, async (route) => {
        const answer = await route.fetch()
        await route.fulfill({ response: answer, json: { ...(await answer.json()), items } })
      })
      const { page, errors } = await app.openBell(context, 'grace')
      await page.getByRole('button', { name: /^Notifications, / }).click(WAIT)
      const article = (name: RegExp) => page.getByRole('article', { name })
      await article(/^Grandiloquent/).waitFor(WAIT)
      expect((await article(/^Grandiloquent/).textContent())?.length).toBeLessThan(2_000)
      expect(await page.locator('article a, article img').count()).toBe(0)
      await article(/^Links/).click()
      await article(/^Buttons/)
        .getByRole('button', { name: 'Go' })
        .click()
      await article(/^Grandiloquent/).click()
      expect(await page.evaluate(() => Reflect.get(globalThis, 'hacked'))).toBeUndefined()
      expect(page.url()).toContain('/grace/')
      expect(errors.filter((error) => !error.startsWith('Failed to load resource'))).toEqual([])
      await context.close()
    })

    test('in a shadow root next to a CSS reset, the bell looks and works the same', async () => {
      await app.send('alan', { title: 'Shadow' })
      app.pages.set(
        '/shadow',
        `<header><strong>App</strong><div id="host"></div></header><p id="below">Below</p>
         <script type="module" src="/shadow.js"></script>`,
      )
      app.answers.set('/shadow.js', (response) =>
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(`
          const root = host.attachShadow({ mode: 'open' })
          const sheet = new CSSStyleSheet()
          sheet.replaceSync('notification-bell:not(:defined) { display: inline-block; inline-size: 40px; block-size: 40px }')
          root.adoptedStyleSheets = [sheet]
          const bell = document.createElement('notification-bell')
          Object.assign(bell, { url: '${app.hub.url}', tokenUrl: '/token/alan' })
          root.append(bell)`),
      )
      const context = await app.browser.newContext()
      const { page, errors } = await app.open(context, '/shadow')
      const button = page.getByRole('button', { name: 'Notifications, 1 unread' })
      await button.click(WAIT)
      await page.getByRole('article', { name: 'Shadow' }).waitFor(WAIT)
      const box = (await button.boundingBox())!
      expect([box.width, box.height]).toEqual([40, 40])
      const style = await page
        .getByRole('dialog')
        .evaluate((dialog) => [getComputedStyle(dialog).borderTopWidth, getComputedStyle(dialog).width])
      expect(style).toEqual(['0px', '416px'])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ ...WAIT, state: 'hidden' })
      // The focus comes back after the panel has closed.
      await expect
        .poll(() => button.evaluate((each) => (each.getRootNode() as ShadowRoot).activeElement === each))
        .toBe(true)
      expect(errors).toEqual([])
      await context.close()
    })

    test('nothing on the page moves when the element is defined', async () => {
      await app.send('edsger', { title: 'Still' })
      const context = await app.browser.newContext()
      await context.addInitScript(() => {
        Object.assign(globalThis, { shifts: 0 })
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries())
            Reflect.set(globalThis, 'shifts', Reflect.get(globalThis, 'shifts') + Reflect.get(entry, 'value'))
        }).observe({ type: 'layout-shift', buffered: true })
      })
      // The element is defined some time after the page is painted.
      await context.route(/\/bell\.js/, async (route) => {
        await new Promise((later) => setTimeout(later, 500))
        await route.continue()
      })
      const { page, errors } = await app.openBell(context, 'edsger')
      await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor(WAIT)
      expect(await page.evaluate(() => Reflect.get(globalThis, 'shifts'))).toBe(0)
      expect(errors).toEqual([])
      await context.close()
    })
  },
)
