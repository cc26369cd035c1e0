/** A part whose `check` rejects if it cannot be used now. */
export type Checkable = { check(): Promise<void> }

export type Readiness = { ready: boolean; parts: Record<string, string> }

const CHECK_LIMIT_MS = 2_000
/** Minimum interval between checks, however frequent the probes. */
const CACHED_MS = 1_000

const ask = async ({ check }: Checkable): Promise<string> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer'), CHECK_LIMIT_MS)
  })
  try {
    return await Promise.race([check().then(() => 'ok'), limit])
  } catch (error) {
    return error instanceof Error ? error.message : 'failed'
  } finally {
    clearTimeout(timer)
  }
}

/** Returns a function that checks all parts concurrently, with a time limit. It resolves to `ok` or the error of each part. */
export const createReadiness = (parts: Record<string, Checkable>): (() => Promise<Readiness>) => {
  let latest: Promise<Readiness> | undefined
  let askedAt = 0
  const askAll = async (): Promise<Readiness> => {
    const answers = await Promise.all(
      Object.entries(parts).map(async ([name, part]) => [name, await ask(part)] as const),
    )
    return { ready: answers.every(([, answer]) => answer === 'ok'), parts: Object.fromEntries(answers) }
  }
  return () => {
    const now = performance.now()
    if (latest === undefined || now - askedAt > CACHED_MS) {
      askedAt = now
      latest = askAll()
    }
    return latest
  }
}
