const withScheme =
  (schemes: RegExp) =>
  (url: string | undefined): string | undefined => {
    if (url === undefined || !URL.canParse(url)) return undefined
    const { protocol, href } = new URL(url)
    return schemes.test(protocol) ? href : undefined
  }

/**
 * Normalises a link, so that it holds no quotes or control characters. Returns undefined unless it is http, https, mailto or
 * tel.
 */
export const safeUrl = withScheme(/^(https?|mailto|tel):$/)

/** Normalises a URL that is loaded or posted to. Returns undefined unless it is http or https. */
export const webUrl = withScheme(/^https?:$/)
