/** Reports whether the page is visible; true outside a browser. */
export const isVisible = (): boolean => globalThis.document?.visibilityState !== 'hidden'

/**
 * Calls `back` when the page becomes visible or the network returns. Calls `gone` when the page is hidden,
 * which is the last event before a page closes. Stops when the signal aborts.
 */
export const onWake = (back: () => void, gone: () => void, signal: AbortSignal): void => {
  const wake = () => (isVisible() ? back() : gone())
  for (const event of ['online', 'focus', 'visibilitychange'])
    globalThis.addEventListener?.(event, wake, { signal })
}
