import { LossError } from './measure.ts'

/** The number of messages that a child process has reported as received. */
export type Receipts = {
  /** Sets the count. */
  set(count: number): void
  /** Ends every `until`: nothing more will be received. */
  fail(reason: string): void
  /** Resolves when `count` were received. Rejects with `LossError` after `fail`, or without receipts for `stallMs`. */
  until(count: number): Promise<void>
}

export const createReceipts = (stallMs: number): Receipts => {
  let received = 0
  let failure: string | undefined
  const wakers = new Set<() => void>()
  const wake = () => {
    for (const waker of wakers) waker()
  }
  /** Resolves to false if nothing changes for `stallMs`. */
  const change = () =>
    new Promise<boolean>((resolve) => {
      const waker = () => {
        clearTimeout(timer)
        wakers.delete(waker)
        resolve(true)
      }
      const timer = setTimeout(() => {
        wakers.delete(waker)
        resolve(false)
      }, stallMs)
      wakers.add(waker)
    })

  return {
    set: (count) => {
      received = count
      wake()
    },
    fail: (reason) => {
      failure ??= reason
      wake()
    },
    until: async (count) => {
      while (received < count) {
        if (failure !== undefined) throw new LossError(failure)
        if (!(await change()))
          throw new LossError(
            `nothing was received for ${stallMs / 1_000} s, after ${received} of at least ${count}`,
          )
      }
    },
  }
}
