/**
 * Closes what a process has opened, in reverse order. Add the closer of a resource as soon as it is open.
 * `close` gives all closers `deadlineMs` together, and LAST_CHANCE_MS each after that. It continues after
 * failures and returns them. Repeated calls share one run.
 */
export type Closers = {
  add(name: string, close: () => Promise<void> | void): void
  close(deadlineMs: number): Promise<{ name: string; error: unknown }[]>
}

const LAST_CHANCE_MS = 100

const within = async (ms: number, work: () => Promise<void> | void) => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('did not close in time')), ms)
  })
  try {
    await Promise.race([Promise.resolve().then(work), limit])
  } finally {
    clearTimeout(timer)
  }
}

export const createClosers = (): Closers => {
  const stack: { name: string; close: () => Promise<void> | void }[] = []
  let closing: Promise<{ name: string; error: unknown }[]> | undefined

  const closeAll = async (deadlineMs: number) => {
    const failures: { name: string; error: unknown }[] = []
    const deadline = performance.now() + deadlineMs
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { name, close } = next
      await within(Math.max(LAST_CHANCE_MS, deadline - performance.now()), close).catch((error) =>
        failures.push({ name, error }),
      )
    }
    return failures
  }

  return {
    add: (name, close) => {
      stack.push({ name, close })
    },
    close: (deadlineMs) => {
      closing ??= closeAll(deadlineMs)
      return closing
    },
  }
}
