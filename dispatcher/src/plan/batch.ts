import { slices } from '@carillon/core/group-by'
import type { Store } from '@carillon/core/store/port'
import type { Pinned } from '../intake/ready.ts'
import { createPlanAudience, type NotificationPlan, planNamed } from './audience.ts'
import type { PreferencePorts, ReadChosen } from './preferences.ts'
import { createReadAhead } from './read-ahead.ts'

/** Number of notifications of a batch whose recipients are looked up concurrently. */
const LOOKUPS = 16

/** Plans a batch of notifications, in order. The choices of all named recipients are read together. */
export const createPlanBatch = (
  store: Pick<Store, 'users' | 'topics'>,
  cache: PreferencePorts['cache'],
  chosen: ReadChosen,
) => {
  const readAhead = createReadAhead({ cache })
  const planAudience = createPlanAudience(store, chosen)
  return async (batch: readonly Pinned[]): Promise<NotificationPlan[]> => {
    const ahead = await readAhead(batch)
    const now = Date.now()
    const plans = batch.map((pinned) => planNamed(pinned, ahead, now))
    const others = plans.flatMap((plan, index) => (plan ? [] : [index]))
    for (const some of slices(others, LOOKUPS))
      await Promise.all(
        some.map(async (index) => {
          plans[index] = await planAudience(batch[index]!, ahead)
        }),
      )
    return plans as NotificationPlan[]
  }
}
