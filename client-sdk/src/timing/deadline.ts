/**
 * Runs work with a signal that aborts after `ms`, or when `other` aborts. React Native has neither `AbortSignal.timeout` nor
 * `AbortSignal.any`.
 */
export const withDeadline = async <T>(
  ms: number,
  other: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController()
  const abort = () => controller.abort()
  if (other?.aborted) abort()
  other?.addEventListener('abort', abort)
  const timer = setTimeout(abort, ms)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    other?.removeEventListener('abort', abort)
  }
}
