import { type Step, stepDedupe } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import { closeMessage, readAbout } from './window-work.ts'

/** A step is let through by a digest as one that has waited. */
const membersOf = (step: Step): string[] => [
  stepDedupe(step),
  stepDedupe({ ...step, held: (step.held ?? 0) + 1 }),
]

/**
 * Returns a function that finds out whether a step waits, or has waited, in one of some windows: it was delivered before, and its
 * process died before it was acknowledged. Such a step does not leave by itself, whatever would be decided now. If its window is
 * open, the close is scheduled again, because the step may have opened it. Repeatable.
 */
export const createRejoin =
  ({ store, stream }: { store: Pick<Store, 'digests'>; stream: Pick<Stream, 'publish'> }) =>
  async (step: Step, windows: readonly string[]): Promise<boolean> => {
    const { tenant, user } = step
    const places = windows.flatMap((window) => membersOf(step).map((member) => ({ user, window, member })))
    const joined = await store.digests.joined(tenant, places)
    const found = places.flatMap(({ window }, index) => {
      const opening = joined[index]
      return opening ? [{ window, ...opening }] : []
    })
    for (const { window, id } of found) {
      const open = await store.digests.get(tenant, { user, window })
      if (open?.id === id)
        await stream.publish([closeMessage(tenant, open, { ...readAbout(open), at: open.closesAt })])
    }
    return found.some(({ collected }) => collected)
  }

export type Rejoin = ReturnType<typeof createRejoin>
