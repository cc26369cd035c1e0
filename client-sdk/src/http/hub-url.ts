/**
 * Returns the absolute URL of a hub, with a slash at its end. It may be relative to the page. Throws `TypeError` if it is
 * not an http or https URL.
 */
export const hubUrl = (url: string): string => {
  try {
    // On a page, `undefined` would be a relative URL.
    const { href } = new URL(url ?? 'x:', globalThis.location?.href)
    if (/^https?:/.test(href)) return href.replace(/\/?$/, '/')
  } catch {
    // The error below has an example of a valid URL.
  }
  throw new TypeError('url must look like https://hub.example')
}
