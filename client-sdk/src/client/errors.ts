import type { CarillonError } from '../http/error.ts'

/**
 * Returns a function that reports errors: each to listeners, and the first one of each kind on the console, with what to do
 * about it.
 */
export const createErrors = (url: string, emit: (error: CarillonError) => void) => {
  const advised = new Set<string>()
  return (error: CarillonError): void => {
    emit(error)
    const { action, code, message } = error
    if (action || advised.has(code)) return
    advised.add(code)
    import('../http/advice.ts').then(
      ({ advise }) => advise(error, url),
      () => console.error(`Carillon: ${message} (${code})`),
    )
  }
}
