/**
 * What a process has opened, closed in the reverse order. Whoever opens a thing adds its closer at once.
 * `close` gives everything together `deadlineMs`, and what is left after that LAST_CHANCE_MS each; it goes on past
 * failures and reports them. It runs once.
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
