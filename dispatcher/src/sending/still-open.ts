import type { Step } from '@carillon/core/delivery/step'
import { grouped } from '@carillon/core/group-by'
import { conclude } from '@carillon/core/routing/after-failure'
import type { Store } from '@carillon/core/store/port'

/**
 * Returns a function that finds, among steps that ended without reaching a destination, those of which another destination was
 * or may still be reached.
 */
export const createStillOpen =
  (store: Pick<Store, 'deliveries'>) =>
  async (steps: readonly Step[]): Promise<Set<Step>> => {
    const found = new Set<Step>()
    const ofSeveral = steps.filter(({ destination }) => destination)
    await Promise.all(
      [...grouped(ofSeveral, ({ tenant }) => tenant)].map(async ([tenant, some]) => {
        const rows = await store.deliveries.of(
          tenant,
          some.map(({ notification, toAudience, user }) => ({ id: notification, toAudience, user })),
        )
        for (const [place, each] of some.entries()) {
          const { index, destination } = each
          const others =
            rows[place]?.filter(({ step, device }) => step === index && device !== destination) ?? []
          const states = others.map(({ state }) => state)
          if (conclude(each, states).follows === 'open') found.add(each)
        }
      }),
    )
    return found
  }
