/** Runs every code block of the documentation and every snippet of the demo page, as a reader would. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@carillon/cli/config/config'
import type {} from '@carillon/core/testing/provided'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest'
import { launchChromium } from '../browser/chromium.ts'
import type { Settings } from '../rig/carillon.ts'
import { needing } from '../rig/needs.ts'
import { startNats, startRedis } from '../rig/servers.ts'
import { type Block, documentedBlocks } from './blocks.ts'
import { openPage } from './browser.ts'
import { type Installation, request, startInstallation, TENANT } from './installation.ts'
import {
  deadLetters,
  fittingSchemas,
  type Places,
  placed,
  ROOT,
  runNode,
  runPython,
  runShell,
  startServing,
} from './run.ts'

const HUB = 'http://localhost:4000'
/** Server addresses in the documentation. A block with one of them needs real servers. */
const SERVERS = {
  nats: ['nats://localhost:4222', 'nats://nats:4222'],
  redis: ['redis://redis:6379'],
  cassandra: ['cassandra://cassandra/carillon?dc=datacenter1'],
} as const

const blocks = documentedBlocks(ROOT)
/** Diagrams have no language and are not run, but must be marked as such. */
const isRun = ({ notRun }: Block) => notRun === undefined
const needsServers = ({ text }: Pick<Block, 'text'>) =>
  Object.values(SERVERS)
    .flat()
    .some((address) => text.includes(address))

type Snippet = (config: object) => { note: string; code: string }
const { snippets } = (await import(
  new URL('../../../hub/src/demo/pages/snippets.js', import.meta.url).href
)) as {
  snippets: Record<string, Snippet>
}
const languageOf = (code: string) =>
  code.startsWith('<') ? 'html' : code.startsWith('import ') ? 'js' : 'sh'
const SNIPPETS = Object.entries(snippets)

const executablePath = inject('chromium')
const { title: clusterTitle, skip: noCluster } = needing(
  'blocks that need NATS, Redis and Cassandra',
  'nats',
  'redis',
)
const withoutServers = noCluster || inject('cassandra') === undefined

const closers: (() => unknown)[] = []
let browser: Browser | undefined
beforeAll(async () => {
  if (executablePath) browser = await launchChromium(executablePath)
})
afterAll(async () => {
  for (const close of closers.reverse()) await close()
  await browser?.close()
})

const temporary = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-docs-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Starts NATS and Redis, and creates a keyspace. */
const startServers = async (keyspace: string) => {
  const servers = await Promise.all([startNats({ dir: await temporary() }), startRedis()])
  for (const server of servers) closers.push(() => server.stop())
  const [nats, redis] = servers
  return {
    nats: nats.url,
    redis: redis.url,
    cassandra: (inject('cassandra') ?? '').replace('?', `_${keyspace}?`),
  }
}
const placesOf = (servers: Record<keyof typeof SERVERS, string>): Places =>
  Object.fromEntries(
    Object.entries(SERVERS).flatMap(([part, addresses]) =>
      addresses.map((address) => [address, servers[part as keyof typeof SERVERS]]),
    ),
  )

const install = async (settings?: Settings) => {
  const installation = await startInstallation(await temporary(), settings)
  closers.push(() => installation.stop())
  return installation
}

/** Variables that a block sets must be known settings with valid values. */
const checkSettings = (text: string, variables: Record<string, string>) => {
  const names = [...text.matchAll(/\b(CARILLON_\w+)=/g)].map(([, name]) => name ?? '')
  readConfig(Object.fromEntries(names.map((name) => [name, variables[name]])))
}

/**
 * The last server program of each page. The page's HTML blocks are loaded from it; a page without one uses
 * the program in README.md.
 */
const serving = new Map<string, { url: string; documented: string }>()

const run = async (
  block: Block,
  installation: Installation,
  places: Places,
  { skip }: Pick<TestContext, 'skip'>,
): Promise<void> => {
  const text = placed(block.text, { ...places, [HUB]: installation.url })
  switch (block.language) {
    case 'sh':
      return checkSettings(text, await runShell(text, installation, block.exitCode))
    case 'json':
      return void (await fittingSchemas(text))
    case 'python':
      if (spawnSync('python3', ['--version']).status !== 0) return skip('there is no python3')
      return void (await runPython(text, installation))
    case 'js': {
      if (block.serves === undefined) return void (await runNode(text, installation))
      const html = blocks.find(({ page, language }) => page === block.page && language === 'html')?.text ?? ''
      const program = { ...block, text, serves: block.serves, html }
      const { url, stop } = await startServing(program, installation)
      closers.push(stop)
      serving.set(block.page, { url, documented: block.serves })
      return
    }
    case 'html': {
      if (!browser) return skip('Chromium is not installed')
      const backend = serving.get(block.page) ?? serving.get('README.md')
      const page = await openPage(browser, text, backend?.url)
      try {
        if (/\/(client|bell)\.js/.test(text)) {
          const title = `For ${block.name}`
          await request(installation, 'POST', '/v1/notifications', { to: 'ada', type: 'greeting', title })
          if (text.includes('/bell.js')) await page.openBell()
          await page.shows(title)
        }
        expect(page.errors).toEqual([])
      } finally {
        await page.close()
      }
      return
    }
    default:
      throw new Error(
        `no way is known to run ${JSON.stringify(block.language)}; say why in <!-- not run: … -->`,
      )
  }
}

/** Returns server programs before other blocks, because a page may show its HTML first. */
const serversFirst = (some: readonly Block[]) =>
  [true, false].flatMap((first) => some.filter(({ serves }) => (serves !== undefined) === first))

/** Adds names for test titles. */
const named = (some: readonly Block[], about = ({ language }: Block): string | undefined => language) =>
  some.map((block) => [block.name, about(block), block] as const)

describe('blocks that are not run', () => {
  it.each(
    named(
      blocks.filter((block) => !isRun(block)),
      ({ notRun }) => notRun,
    ),
  )('%s: %s', ([, why]) => {
    expect(why).toMatch(/\w/)
  })
})

describe('blocks that need one process', () => {
  let dev: Installation
  beforeAll(async () => {
    dev = await install()
  })
  it.for(named(serversFirst(blocks.filter((block) => isRun(block) && !needsServers(block)))))(
    '%s (%s)',
    ([, , block], context) => run(block, dev, {}, context),
  )

  const config = async () => {
    const { token } = await request<{ token: string }>(dev, 'POST', '/v1/users/ada/token')
    return { ...(await request<object>(dev, 'GET', '/demo/config.json')), url: dev.url, user: 'ada', token }
  }
  it.for(SNIPPETS)('demo page: %s', async ([name, snippet], context) => {
    const { code } = snippet(await config())
    const language = languageOf(code)
    if (needsServers({ text: code })) return
    await run({ name, page: 'demo', language, text: code, exitCode: 0 }, dev, {}, context)
  })

  it('leave no dead letters', async () => {
    expect(await deadLetters(dev)).toEqual([])
  })
})

describe.skipIf(withoutServers)(clusterTitle, () => {
  let dev: Installation
  let places: Places
  beforeAll(async () => {
    const servers = await startServers('docs')
    places = placesOf(servers)
    dev = await install({
      CARILLON_NATS_URL: servers.nats,
      CARILLON_REDIS_URL: servers.redis,
      CARILLON_CASSANDRA_URL: servers.cassandra,
    })
  })

  /** Runs a block with a new, empty installation. */
  const isSetUp = ({ text }: Block) => text.includes('nats://nats:4222')
  it.for(named(blocks.filter((block) => isRun(block) && needsServers(block) && isSetUp(block))))(
    '%s (%s), in a new installation',
    async ([, , block], context) => {
      const settings = { CARILLON_LOG_LEVEL: 'warn' }
      await run(block, { ...dev, settings }, placesOf(await startServers('docs_own')), context)
    },
  )
  it.for(named(blocks.filter((block) => isRun(block) && needsServers(block) && !isSetUp(block))))(
    '%s (%s)',
    ([, , block], context) => run(block, dev, places, context),
  )
  it.for(SNIPPETS)('demo page: %s', async ([name, snippet], context) => {
    const shown = { tenant: TENANT, url: dev.url, apiKey: dev.apiKey, natsUrl: null, users: ['ada', 'grace'] }
    const { code } = snippet({ ...shown, user: 'ada', token: '' })
    if (!needsServers({ text: code })) return
    await run(
      { name, page: 'demo', language: languageOf(code), text: code, exitCode: 0 },
      dev,
      places,
      context,
    )
  })

  it('delivers the notifications of all blocks', async () => {
    const { token } = await request<{ token: string }>(dev, 'POST', '/v1/users/ada/token')
    const titles = async () => {
      const { items } = await request<{ items: { title: string }[] }>(
        { ...dev, apiKey: token },
        'GET',
        '/v1/inbox?limit=100',
      )
      return items.map(({ title }) => title)
    }
    await expect
      .poll(titles, { timeout: 20_000 })
      .toEqual(expect.arrayContaining(['Grace replied to you', 'Hello from Node', 'Hello from the shell']))
    expect(await deadLetters(dev)).toEqual([])
  })
})
