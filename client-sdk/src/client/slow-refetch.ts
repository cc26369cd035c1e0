import { createTimer } from '../timing/timer.ts'
import { isVisible } from './visibility.ts'

/**
 * Refetches the inbox of a visible page periodically, in case messages were missed. A client above its item limit is refetched
 * in full, even when hidden.
 */
export const createSlowRefetch = (
  refetch: (full: boolean) => void,
  isCrowded: () => boolean,
  everyMs: number,
) => {
  const timer = createTimer()
  const start = () =>
    timer.set(
      () => {
        if (isVisible() || isCrowded()) refetch(isCrowded())
        start()
      },
      everyMs * (1 + Math.random()),
    )
  return { start, close: timer.clear }
}
