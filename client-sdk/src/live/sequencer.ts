import type { LivePosition } from '@carillon/schemas'
import type { LiveMessage } from '../inbox/state.ts'
import { createTimer } from '../timing/timer.ts'

/**
 * Applies live messages in order. A message that the position covers is dropped. A message that overtook
 * others is delayed for up to `straggler` ms; if the gap is not filled by then, the message is applied and
 * `lost` is called, which has to refetch.
 */
export const createSequencer = (
  position: () => LivePosition | null,
  apply: (live: LiveMessage) => unknown,
  lost: () => void,
  straggler: number,
) => {
  let held: LiveMessage[] = []
  const timer = createTimer()

  /**
   * Returns the distance from the position: 1 is the next message, 0 or less is covered, NaN is another
   * epoch.
   */
  const ahead = ({ message }: LiveMessage): number => {
    const at = position()
    return !at ? 1 : at.epoch === message.epoch ? message.seq - at.seq : Number.NaN
  }
  const prune = () => {
    held = held.filter((live) => !(ahead(live) <= 0))
  }

  const giveUp = () => {
    for (const live of held) if (!(ahead(live) <= 0)) apply(live)
    held = []
    lost()
  }

  /** Applies the messages that are next in order. Also called after a page moved the position. */
  const settle = () => {
    prune()
    held.sort((a, b) => a.message.seq - b.message.seq)
    for (;;) {
      const next = held.find((live) => ahead(live) === 1)
      if (!next) break
      // `apply` may leave the position unknown. The message is not applied again then.
      held.splice(held.indexOf(next), 1)
      apply(next)
      prune()
    }
    if (held.length === 0) timer.clear()
    else if (!timer.waits()) timer.set(giveUp, straggler)
  }

  return {
    push(live: LiveMessage) {
      held.push(live)
      settle()
    },
    settle,
    close: timer.clear,
  }
}
