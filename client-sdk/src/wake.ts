/** Whether anyone can be looking. Outside of a browser there is no way to tell, so: yes. */
export const isVisible = (): boolean =>
  typeof document === 'undefined' || document.visibilityState !== 'hidden'

/** Calls `wake` when the person comes back to the page, and `online` when the network does. Returns its undoing. */
export const watchPage = ({ wake, online }: { wake: () => void; online: () => void }): (() => void) => {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => {}
  const visible = () => {
    if (isVisible()) wake()
  }
  window.addEventListener('online', online)
  window.addEventListener('focus', visible)
  document.addEventListener('visibilitychange', visible)
  return () => {
    window.removeEventListener('online', online)
    window.removeEventListener('focus', visible)
    document.removeEventListener('visibilitychange', visible)
  }
}
