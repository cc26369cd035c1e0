import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { ADDRESSES } from './scenarios/addresses.ts'
import { ERASURE } from './scenarios/erasure.ts'
import { FAULTS } from './scenarios/faults.ts'
import { interrupt } from './scenarios/killed.ts'
import { LISTING } from './scenarios/listing.ts'
import { OTP, PUMPING } from './scenarios/otp.ts'
import { PRESENCE } from './scenarios/presence.ts'
import { REPORTS } from './scenarios/reports.ts'
import { RETRIES } from './scenarios/retries.ts'
import { openScene } from './scene.ts'
import type { Stage } from './stage.ts'

const PEOPLE = [...PRESENCE, ...ADDRESSES, ...ERASURE, LISTING]
const SENDING = [...FAULTS, ...RETRIES, ...REPORTS, OTP, PUMPING]
const SCENARIOS = [...PEOPLE, ...SENDING]

/**
 * What has to hold in every mode. The scenarios have nothing of one another's but the installation, and go on at the same
 * time; so does what follows from senders having been killed before the first of them. `last` is alone with it.
 */
export const outreach = <Installed extends Stage>(
  title: string,
  options: {
    skip: boolean
    raise: () => Promise<Installed>
    last: { title: string; play: (stage: Installed) => Promise<void> }
  },
) => {
  vi.setConfig({ maxConcurrency: SCENARIOS.length + 1 })
  describe.skipIf(options.skip)(title, () => {
    let stage: Installed
    let interrupted: Awaited<ReturnType<typeof interrupt>>
    beforeAll(async () => {
      stage = await options.raise()
      interrupted = await interrupt(stage)
    })
    afterAll(async () => {
      await interrupted?.close()
      await stage?.close()
    })

    test.concurrent('whoever sends is killed: what is in doubt is counted, and sent again only where that is right', async () => {
      await interrupted.settled()
    })

    for (const { title, play } of SCENARIOS)
      test.concurrent(title, async () => {
        const scene = await openScene(stage)
        try {
          await play(scene)
        } finally {
          await scene.close()
        }
      })

    test(options.last.title, () => options.last.play(stage))
  })
}
