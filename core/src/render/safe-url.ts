const withScheme =
  (schemes: RegExp) =>
  (url: string | undefined): string | undefined => {
    if (url === undefined || !URL.canParse(url)) return undefined
    const { protocol, href } = new URL(url)
    return schemes.test(protocol) ? href : undefined
  }

/**
 * Normalizes a link, so that it contains no quotes or control characters. Returns undefined unless it is
 * http, https, mailto or tel.
 */
export const safeUrl = withScheme(/^(https?|mailto|tel):$/)

/** Normalizes a URL that is loaded or posted to. Returns undefined unless it is http or https. */
export const webUrl = withScheme(/^https?:$/)
