import { execFile } from 'node:child_process'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@carillon/core/testing/ports'
import type {} from '@carillon/core/testing/provided'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { violationsOf } from '../browser/axe.ts'
import { request } from '../docs/installation.ts'
import { start } from '../rig/child.ts'
import { ROOT, versionOf } from './install.ts'
import { type Packaged, startPackaged } from './packaged.ts'

const executablePath = inject('chromium')
const WAIT = { timeout: 30_000 }
const EXAMPLES = join(ROOT, 'examples')

type Manifest = {
  scripts: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}
const manifestOf = async (example: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(EXAMPLES, example, 'package.json'), 'utf8'))

const examples = (await readdir(EXAMPLES)).filter((name) => name.startsWith('bell-'))

test('the examples have the same backend and style', async () => {
  for (const file of ['backend.js', 'public/style.css']) {
    const texts = await Promise.all(
      examples
        .filter((name) => name !== 'bell-html')
        .map((name) => readFile(join(EXAMPLES, name, file), 'utf8')),
    )
    expect(new Set(texts).size).toBe(1)
  }
})

describe.skipIf(!executablePath)(`examples in Chromium${executablePath ? '' : ' (not installed)'}`, () => {
  let packaged: Packaged

  beforeAll(async () => {
    packaged = await startPackaged(executablePath!)
  })
  afterAll(() => packaged?.close())

  /** Copies, installs, builds and starts an example, as its README says. */
  const startExample = async (example: string) => {
    const { dir, hub } = packaged
    const app = join(dir, example)
    await cp(join(EXAMPLES, example), app, { recursive: true })
    const { scripts, dependencies, devDependencies } = await manifestOf(example)
    const versions = { ...dependencies, ...devDependencies }
    await packaged.install(app, Object.keys(versions))
    for (const [name, version] of Object.entries(versions))
      expect([name, version]).toEqual([name, await versionOf(app, name)])

    const port = await freePort()
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_)/.test(name))),
      PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
      ...{
        CARILLON_URL: hub.url,
        VITE_CARILLON_URL: hub.url,
        CARILLON_API_KEY: hub.apiKey,
        PORT: String(port),
      },
    }
    if (scripts.build) await promisify(execFile)('sh', ['-c', scripts.build], { cwd: app, env })
    const url = `http://localhost:${port}`
    return start({
      ...{ name: example, url, port, cwd: app, env, command: 'sh', args: ['-c', `exec ${scripts.start}`] },
      ready: async () => (await fetch(url).catch(() => undefined))?.ok ?? false,
      readyWithinMs: 30_000,
      stopWithinMs: 5_000,
    })
  }

  test.each(examples)('%s shows a notification, without an error', async (example) => {
    const server = await startExample(example)
    const page = await (await packaged.browser.newContext()).newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) errors.push(message.text())
    })
    if (example === 'bell-ssr')
      expect(await (await fetch(server.url)).text()).toMatch(
        /<notification-bell><\/notification-bell>.*0<!-- --> unread/,
      )

    await page.goto(server.url)
    await page.getByRole('button', { name: /^(Notifications|Messages)$/ }).waitFor(WAIT)
    const title = `Hello, ${example}`
    await request(packaged.hub, 'POST', '/v1/notifications', { to: 'ada', type: 'note', title })
    await page.getByRole('button', { name: 'Notifications, 1 unread' }).click(WAIT)
    const item = page.getByRole('dialog').getByRole('article', { name: title })
    await item.waitFor(WAIT)
    if (example !== 'bell-html') await page.getByRole('heading', { name: '1 unread' }).waitFor(WAIT)
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Mark all as read' }).last().click()
    await page.getByRole('button', { name: /^(Notifications|Messages)$/ }).waitFor(WAIT)
    expect(errors).toEqual([])
    await page.context().close()
    await server.stop()
  })
})
