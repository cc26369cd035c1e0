import { type AttachmentRef, Filename, parse } from '@carillon/schemas'

/** Returns the last segment of the path, decoded. */
const nameInUrl = (url: string): string => {
  const last = new URL(url).pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}

/** Returns the name that a file from a URL asks for. It is not checked. */
export const nameOfDownload = ({ filename, url }: Extract<AttachmentRef, { url: string }>): string =>
  filename ?? nameInUrl(url)

/** Returns the name that the reader of an e-mail sees: the given one if it is a valid file name. */
export const shownFilename = (name: string): string => {
  const shown = parse(Filename, name)
  return shown.success ? shown.data : 'attachment'
}
