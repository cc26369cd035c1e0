const of =
  (schemes: RegExp) =>
  (url: string | undefined): string | undefined => {
    if (url === undefined || !URL.canParse(url)) return undefined
    const { protocol, href } = new URL(url)
    return schemes.test(protocol) ? href : undefined
  }

/** A link as a URL parser writes it, without quotes or control characters; undefined unless http, https, mailto or tel. */
export const safeUrl = of(/^(https?|mailto|tel):$/)

/** The same for what is loaded or posted to; undefined unless http or https. */
export const webUrl = of(/^https?:$/)
