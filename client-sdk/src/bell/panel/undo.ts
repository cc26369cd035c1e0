import { createTimer } from '../../timing/timer.ts'

const UNDO_MS = 8_000

/** An action that the user may still undo, or a notice without `undo`. `commit` runs when the time to undo is over. */
export type Undoable = { label: string; undo?: () => void; commit?: () => void }

/** Offers to undo the last action for eight seconds. The timer restarts after the bar was hovered or focused. */
export const createUndo = (update: () => void) => {
  let offered: Undoable | undefined
  const timer = createTimer()

  const withdraw = () => {
    timer.clear()
    offered = undefined
    update()
  }
  const commit = () => {
    const { commit } = offered ?? {}
    withdraw()
    commit?.()
  }

  const offer = (next: Undoable) => {
    commit()
    offered = next
    timer.set(commit, UNDO_MS)
    update()
  }

  return {
    /** What is offered. */
    get offered(): Undoable | undefined {
      return offered
    },
    offer,
    /** Shows a notice, unless an action can be undone. */
    notice: (label: string) => offered?.undo || offer({ label }),
    /** Undoes the action that is offered. */
    undo() {
      const { undo } = offered ?? {}
      withdraw()
      undo?.()
    },
    hold: timer.clear,
    release: () => offered && timer.set(commit, UNDO_MS),
    /** Commits the action at once. It can no longer be undone. */
    commit,
  }
}
