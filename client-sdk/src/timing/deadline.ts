const groups = new WeakMap<AbortSignal, Set<() => void>>()

/** Returns the callbacks of an abort signal. They share one listener, because Node warns about more than ten. */
const onAbort = (signal: AbortSignal): Set<() => void> => {
  const group = groups.get(signal) ?? new Set()
  if (!groups.has(signal))
    signal.addEventListener('abort', () => {
      for (const abort of group) abort()
    })
  groups.set(signal, group)
  return group
}

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
  const group = other && onAbort(other)
  group?.add(abort)
  const timer = setTimeout(abort, ms)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    group?.delete(abort)
  }
}
