/** Whether anyone can be looking. Outside of a browser there is no way to tell, so: yes. */
export const isVisible = (): boolean => globalThis.document?.visibilityState !== 'hidden'

/** Calls back when the person comes back to the page, or the network does, until the signal ends it. */
export const onWake = (listener: () => void, signal: AbortSignal): void => {
  const wake = () => {
    if (isVisible()) listener()
  }
  for (const event of ['online', 'focus', 'visibilitychange'])
    globalThis.addEventListener?.(event, wake, { signal })
}
