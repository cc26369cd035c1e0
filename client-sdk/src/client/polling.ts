import { createTimer } from '../timing/timer.ts'
import { isVisible } from './visibility.ts'

/** The slow refetch of a visible page, against anything that was missed. A crowded client is refetched in full, hidden too. */
export const createPolling = (
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
  return { start, stop: timer.clear }
}
