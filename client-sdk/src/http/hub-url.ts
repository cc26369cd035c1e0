/**
 * Returns the absolute URL of a hub, with a slash at its end. It may be relative to the page. Throws `TypeError` if it is
 * not an http or https URL.
 */
export const hubUrl = (url: string): string => {
  try {
    // A page resolves `undefined` as a path.
    const { href } = new URL(url ?? 'x:', globalThis.location?.href)
    if (/^https?:/.test(href)) return href.replace(/\/?$/, '/')
  } catch {}
  throw new TypeError('url must look like https://hub.example')
}
