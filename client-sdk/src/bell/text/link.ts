/** Reports whether a page may link to the URL: http, https, mailto, tel, or a path of the page's own origin. */
export const isLink = (url: string | undefined): url is string =>
  /^(https?:\/\/|mailto:|tel:|\/(?![/\\])|#|\?)/i.test(url ?? '')
