/** A part that can say whether it can be used now: it rejects when it cannot. */
export type Checked = { check(): Promise<void> }

export type Readiness = { ready: boolean; parts: Record<string, string> }

const CHECK_LIMIT_MS = 2_000
/** Probes come from many sides; the dependencies are asked at most this often. */
const CACHED_MS = 1_000

const ask = async ({ check }: Checked): Promise<string> => {
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

/** Asks every part, together, within a time limit: `ok` or what is wrong, per part. */
export const createReadiness = (parts: Record<string, Checked>): (() => Promise<Readiness>) => {
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
