/** Calls `each` with 0 to `count − 1`, with limited concurrency. */
export const concurrently = async (
  count: number,
  concurrency: number,
  each: (n: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0
  const worker = async () => {
    while (next < count) await each(next++)
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker))
}
