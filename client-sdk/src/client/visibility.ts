/** Whether anyone can be looking. Outside of a browser there is no way to tell, so: yes. */
export const isVisible = (): boolean => globalThis.document?.visibilityState !== 'hidden'

/**
 * Calls `back` when the person comes back to the page, or the network does, and `gone` when they leave it, which is the last
 * that a page hears before it is closed; until the signal ends it.
 */
export const onWake = (back: () => void, gone: () => void, signal: AbortSignal): void => {
  const wake = () => (isVisible() ? back() : gone())
  for (const event of ['online', 'focus', 'visibilitychange'])
    globalThis.addEventListener?.(event, wake, { signal })
}
