/**
 * Runs tasks one after the other. A rejected task does not count as an unhandled rejection, so the caller has to report
 * failures.
 */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(task: () => Promise<T>): Promise<T> => {
    const done = last.then(task)
    last = done.catch(() => {})
    return done
  }
}
