import { freePort } from '@carillon/core/testing/ports'
import { type Browser, chromium } from 'playwright-core'

/** Disables the sandbox, for containers, and Chromium's own network traffic, for offline machines. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts a headless Chromium. */
export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: FLAGS })

/**
 * Starts a headless Chromium whose first context has the tabs of one window: the tab in front is visible, and the others are
 * hidden. In other contexts, Playwright makes every page visible.
 */
export const launchTabs = async (executablePath: string): Promise<Browser> => {
  const port = await freePort()
  const args = [...FLAGS, `--remote-debugging-port=${port}`]
  const started = await chromium.launch({ executablePath, args })
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true })
  // `close` of a connected browser only disconnects.
  return Object.assign(browser, { close: () => started.close() })
}
