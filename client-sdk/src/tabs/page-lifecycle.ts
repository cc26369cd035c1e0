/**
 * Handles the lifecycle events of a page. `turned`: it was hidden or shown. `leave`: it is frozen, closed or put into the
 * back/forward cache. `rejoin`: it was resumed or restored. Stops when the signal aborts.
 */
export const onPageLifecycle = (
  { turned, leave, rejoin }: Record<'turned' | 'leave' | 'rejoin', () => void>,
  signal: AbortSignal,
): void => {
  const events: [EventTarget, string, () => void][] = [
    [document, 'visibilitychange', turned],
    [document, 'freeze', leave],
    [document, 'resume', rejoin],
    [globalThis, 'pagehide', leave],
    [globalThis, 'pageshow', rejoin],
  ]
  for (const [target, event, listener] of events) target.addEventListener(event, listener, { signal })
}
