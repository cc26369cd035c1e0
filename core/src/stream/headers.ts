/** Headers of a message, by lower-case name. */
export type Headers = ReadonlyMap<string, string>

/** Maximum stored size of a message's headers, in UTF-16 code units. */
const HEADERS_MAX = 16_384

/** Reports whether a header is kept with the message: CloudEvents attributes, the content type, Carillon's own. */
export const isKept = (name: string): boolean =>
  name.startsWith('ce-') || name === 'content-type' || name.startsWith('carillon-')

/** Serializes headers; undefined if there are none. */
export const headersText = (headers: Headers | undefined): string | undefined =>
  headers && headers.size > 0 ? JSON.stringify([...headers]) : undefined

/** Reports whether serialized headers fit into a dead letter. */
export const fitsLetter = (text: string | undefined): boolean => (text?.length ?? 0) <= HEADERS_MAX

/** Parses what `headersText` returned. Returns undefined for anything else. */
export const readHeaders = (text: string | null | undefined): Headers | undefined => {
  if (!text) return undefined
  try {
    return new Map(JSON.parse(text) as [string, string][])
  } catch {
    return undefined
  }
}
