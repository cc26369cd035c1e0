import type { Client, Feed, InboxItem } from '@carillon/client'
import type { BrowserContext, Page } from 'playwright-core'

/** The global variable of the page. */
type Opened = { client: Client; feed: Feed; notified: InboxItem[] }

/** Opens the page of an app proxy, which has a client but no bell. The device's clock is `clock` ms ahead. */
export const openClientPage = async (
  context: BrowserContext,
  origin: string,
  options: { token: string; timing?: object; report?: boolean },
  clock = 0,
) => {
  const page = await context.newPage()
  await page.addInitScript(
    ([text, ahead]) => {
      if (location.protocol.startsWith('http')) sessionStorage.options = text
      const Real = Date
      if (ahead === 0) return
      globalThis.Date = class extends Real {
        constructor(...given: [number]) {
          if (given.length > 0) super(...given)
          else super(Real.now() + ahead)
        }
        static override now() {
          return Real.now() + ahead
        }
      } as DateConstructor
    },
    [JSON.stringify(options), clock] as const,
  )
  await page.goto(`${origin}/a-page`)
  await page.waitForFunction(() => 'opened' in globalThis)
  return clientPage(page)
}

const clientPage = (page: Page) => {
  const look = <T>(read: (opened: Opened) => T): Promise<T> =>
    page.evaluate(`(${read})(globalThis.opened)`) as Promise<T>
  return {
    page,
    state: () => look(({ client }) => client.connection),
    unread: () => look(({ client }) => client.counts.getSnapshot().unread),
    titles: () => look(({ feed }) => feed.getSnapshot().items.map(({ title }) => title)),
    notified: () => look(({ notified }) => notified.map(({ title }) => title)),
    ahead: () => look(({ client }) => client.now() - Date.now()),
  }
}
