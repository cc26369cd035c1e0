/** Rejects after `ms` unless `work` is settled before. `what` is the subject of the message. */
export const withTimeLimit = async <Result>(
  ms: number,
  what: string,
  work: PromiseLike<Result>,
): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not respond within ${ms / 1_000} s`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
