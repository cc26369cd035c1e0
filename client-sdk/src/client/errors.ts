import type { CarillonError } from '../http/error.ts'

/**
 * Returns a function that handles errors until the client is closed. The first error with each code is explained on the
 * console, with advice.
 */
export const createErrors = (url: string, closed: AbortSignal, handle: (error: CarillonError) => void) => {
  const explained = new Set<string>()
  return (error: CarillonError): void => {
    if (closed.aborted) return
    handle(error)
    const { action, code } = error
    if (action || explained.has(code)) return
    explained.add(code)
    import('../http/advice.ts').then(
      ({ advise }) => advise(error, url),
      () => console.error(error),
    )
  }
}
