/** Headers of a message, by their names in lower case. */
export type Headers = ReadonlyMap<string, string>

/** The most that is kept of a message's headers, in UTF-16 units. */
const HEADERS_MAX = 16_384

/** Whether a header belongs to the message: those of a CloudEvent, its content type, and Carillon's own. */
export const isKept = (name: string): boolean =>
  name.startsWith('ce-') || name === 'content-type' || name.startsWith('carillon-')

/** Headers as text; undefined if there are none. */
export const headersText = (headers: Headers | undefined): string | undefined =>
  headers && headers.size > 0 ? JSON.stringify([...headers]) : undefined

/** Whether they are short enough to be kept with a dead letter. */
export const fitsLetter = (text: string | undefined): boolean => (text?.length ?? 0) <= HEADERS_MAX

/** The reverse of `headersText`. Anything else has no headers. */
export const readHeaders = (text: string | null | undefined): Headers | undefined => {
  if (!text) return undefined
  try {
    return new Map(JSON.parse(text) as [string, string][])
  } catch {
    return undefined
  }
}
