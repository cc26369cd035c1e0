import type { LivePosition } from '@carillon/schemas'
import type { Live } from '../inbox/state.ts'
import { createTimer } from '../timing/timer.ts'

/**
 * Puts live messages in their order. One that is already covered is left out; one that overtook others is held
 * for them, `straggler` ms. When they do not come, the held ones are applied and `lost` is called: fetch again.
 */
export const createSequencer = (
  position: () => LivePosition | null,
  apply: (live: Live) => void,
  lost: () => void,
  straggler: number,
) => {
  let held: Live[] = []
  const timer = createTimer()

  /** How far ahead of the position it is: 1 is next, 0 and less is covered, NaN is of another epoch. */
  const ahead = ({ message }: Live): number => {
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

  /** Applies what has come to its turn. To be called when the position moved by a page, too. */
  const settle = () => {
    prune()
    held.sort((a, b) => a.message.seq - b.message.seq)
    for (;;) {
      const next = held.find((live) => ahead(live) === 1)
      if (!next) break
      apply(next)
      prune()
    }
    if (held.length === 0) timer.clear()
    else if (!timer.waits()) timer.set(giveUp, straggler)
  }

  return {
    push(live: Live) {
      held.push(live)
      settle()
    },
    settle,
    close: timer.clear,
  }
}
