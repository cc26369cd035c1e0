import type { LivePosition } from '@carillon/schemas'
import type { Live } from './state.ts'

/** More messages than this are not held for one that is missing. */
const HELD_MAX = 200

/**
 * Puts live messages in their order. One that is already covered is left out; one that overtook others is held
 * for them. When they do not come in time, the held ones are applied and `lost` is called: fetch again.
 */
export const createSequencer = (options: {
  position: () => LivePosition | null
  apply: (live: Live) => void
  lost: () => void
  /** How long to hold, in milliseconds. */
  straggler: number
}) => {
  let held: Live[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const covered = ({ message }: Live) => {
    const at = options.position()
    return at?.epoch === message.epoch && message.seq <= at.seq
  }
  const due = ({ message }: Live) => {
    const at = options.position()
    return !at || (at.epoch === message.epoch && message.seq === at.seq + 1)
  }

  const giveUp = () => {
    timer = undefined
    const rest = held
    held = []
    for (const live of rest) if (!covered(live)) options.apply(live)
    options.lost()
  }

  /** Applies what has come to its turn. To be called when the position moved by a page, too. */
  const settle = () => {
    held = held.filter((live) => !covered(live)).sort((a, b) => a.message.seq - b.message.seq)
    for (let next = held.find(due); next; next = held.find(due)) {
      options.apply(next)
      held = held.filter((live) => !covered(live))
    }
    if (held.length === 0 || held.length > HELD_MAX) {
      clearTimeout(timer)
      timer = undefined
    }
    if (held.length > HELD_MAX) giveUp()
    else if (held.length > 0) timer ??= setTimeout(giveUp, options.straggler)
  }

  return {
    push(live: Live) {
      held.push(live)
      settle()
    },
    settle,
    close() {
      clearTimeout(timer)
      held = []
    },
  }
}
