import { vi } from 'vitest'

const { setImmediate } = globalThis
/** Lets promises settle, whose chains may be long. */
const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))

/** Starts fake timers at a fixed time, the same for every run. */
export const stopTime = () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  vi.setSystemTime(1_800_000_000_000)
}

/** Passes `ms` of fake time, timer by timer. */
export const pass = async (ms: number) => {
  let done = false
  setTimeout(() => {
    done = true
  }, ms)
  while (!done) {
    await settled()
    vi.advanceTimersToNextTimer()
  }
  await settled()
}

/** Passes fake time until the promise settles. */
export const during = async (promise: Promise<unknown>) => {
  let done = false
  const end = () => {
    done = true
  }
  promise.then(end, end)
  while (!done) await pass(10)
}
