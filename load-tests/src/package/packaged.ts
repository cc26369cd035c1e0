import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from '../browser/chromium.ts'
import { startInstallation } from '../docs/installation.ts'
import { install, pack } from './install.ts'

/** Packs the packages into a new folder, and starts a hub and a browser for apps that install them. */
export const startPackaged = async (executablePath: string) => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-packaged-'))
  const tarballs = join(dir, 'tarballs')
  const packed = await pack(tarballs)
  const hub = await startInstallation(join(dir, 'data'))
  const browser = await launchChromium(executablePath)
  return {
    ...{ dir, hub, browser },
    /** Installs the packages into the folder of an app, and links the `others` that are not packed. */
    install: (app: string, others: readonly string[], workspace?: string) =>
      install(
        ...([app, tarballs, packed] as const),
        others.filter((name) => !packed.some((each) => each.name === name)),
        workspace,
      ),
    async close() {
      await browser.close()
      await hub.stop()
      await rm(dir, { recursive: true })
    },
  }
}
export type Packaged = Awaited<ReturnType<typeof startPackaged>>
