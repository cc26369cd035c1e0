/**
 * Runs one task after the other. A promise that is not awaited does not count as unhandled: whoever queues sees to
 * it that failures are told.
 */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(task: () => Promise<T>): Promise<T> => {
    const done = last.then(task)
    last = done.catch(() => {})
    return done
  }
}
