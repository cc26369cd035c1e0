import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { openContext } from './context.ts'
import type { Environment } from './environment.ts'
import { ADDRESSES } from './scenarios/addresses.ts'
import { CANCELLING } from './scenarios/cancelling.ts'
import { CATALOGUES } from './scenarios/catalogues.ts'
import { CONTEXTS } from './scenarios/contexts.ts'
import { DIGESTS } from './scenarios/digests.ts'
import { EMAIL } from './scenarios/email.ts'
import { ERASURE } from './scenarios/erasure.ts'
import { EXPLAIN } from './scenarios/explain.ts'
import { FAULTS } from './scenarios/faults.ts'
import { GROUPS } from './scenarios/groups.ts'
import { INBOX_MODES } from './scenarios/inbox-modes.ts'
import { ITEMS } from './scenarios/items.ts'
import { interrupt } from './scenarios/killed.ts'
import { LAYOUTS, TYPE_TEST } from './scenarios/layouts.ts'
import { LIMITED_TOKENS } from './scenarios/limited-tokens.ts'
import { LISTING } from './scenarios/listing.ts'
import { LOCAL_TIMES } from './scenarios/local-times.ts'
import { OTP, PUMPING } from './scenarios/otp.ts'
import { PREFERENCES } from './scenarios/preferences.ts'
import { PRESENCE } from './scenarios/presence.ts'
import { PUSHES } from './scenarios/pushes.ts'
import { QUIET_HOURS } from './scenarios/quiet-hours.ts'
import { REPORTS } from './scenarios/reports.ts'
import { RETRIES } from './scenarios/retries.ts'
import { SCHEDULES } from './scenarios/schedules.ts'
import { TEMPLATES } from './scenarios/templates.ts'
import { THROTTLES } from './scenarios/throttles.ts'
import { TYPES } from './scenarios/types.ts'
import { VARIANTS } from './scenarios/variants.ts'

const SCENARIOS = [
  ...PRESENCE,
  ...INBOX_MODES,
  ...GROUPS,
  ...PREFERENCES,
  ...CONTEXTS,
  ...LIMITED_TOKENS,
  ...ADDRESSES,
  ...ERASURE,
  ...EXPLAIN,
  LISTING,
  CANCELLING,
  ...ITEMS,
  ...DIGESTS,
  QUIET_HOURS,
  ...THROTTLES,
  ...LOCAL_TIMES,
  SCHEDULES,
  ...FAULTS,
  ...PUSHES,
  ...RETRIES,
  ...REPORTS,
  TEMPLATES,
  EMAIL,
  TYPES,
  CATALOGUES,
  LAYOUTS,
  VARIANTS,
  TYPE_TEST,
  OTP,
  PUMPING,
]

/** Scenarios that run at the same time. They mostly wait; more of them overload one embedded process on two cores. */
const TOGETHER = 20

/**
 * Defines the delivery scenarios, which must pass in every mode. Some run at a time, each with its own tenant. The workers
 * are killed before the first one, and the consequences are checked concurrently too. `last` run at the end, one after another.
 */
export const deliveryScenarios = <E extends Environment>(
  title: string,
  options: {
    skip: boolean
    open: () => Promise<E>
    last: readonly { title: string; run: (environment: E) => Promise<void> }[]
  },
) => {
  vi.setConfig({ maxConcurrency: TOGETHER })
  describe.skipIf(options.skip)(title, () => {
    let environment: E
    let interrupted: Awaited<ReturnType<typeof interrupt>>
    beforeAll(async () => {
      environment = await options.open()
      interrupted = await interrupt(environment)
    })
    afterAll(async () => {
      await interrupted?.close()
      await environment?.close()
    })

    test.concurrent('when workers are killed, counts sends in doubt and repeats them only if safe or critical', async () => {
      await interrupted.settled()
    })

    for (const { title, run } of SCENARIOS)
      test.concurrent(title, async () => {
        const context = await openContext(environment)
        try {
          await run(context)
        } finally {
          await context.close()
        }
      })

    for (const { title, run } of options.last) test(title, () => run(environment))
  })
}
