/** A single timer: setting it again replaces the pending run. */
export const createTimer = () => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const clear = () => {
    clearTimeout(timer)
    timer = undefined
  }
  return {
    set(run: () => void, ms: number) {
      clear()
      timer = setTimeout(() => {
        timer = undefined
        run()
      }, ms)
    },
    waits: () => timer !== undefined,
    clear,
  }
}
