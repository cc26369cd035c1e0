/** A part whose `check` rejects if it cannot be used now. */
export type Checkable = { check(): Promise<void> }

/**
 * - `ready`: every part works.
 * - `degraded`: all parts worked once since the start, but not now. The process stays in rotation: all
 *   processes share the parts, so a load balancer that removed it would remove all of them and respond
 *   itself.
 * - `unready`: some parts have not worked yet.
 */
export type Readiness = { status: 'ready' | 'degraded' | 'unready'; parts: Record<string, string> }

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
  let reached = false
  const askAll = async (): Promise<Readiness> => {
    const answers = await Promise.all(
      Object.entries(parts).map(async ([name, part]) => [name, await ask(part)] as const),
    )
    const working = answers.every(([, answer]) => answer === 'ok')
    reached ||= working
    return {
      status: working ? 'ready' : reached ? 'degraded' : 'unready',
      parts: Object.fromEntries(answers),
    }
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
