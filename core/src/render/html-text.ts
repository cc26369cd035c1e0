import { compile } from 'html-to-text'

/** Limits on hostile HTML. */
const LIMITS = { maxDepth: 100, maxInputLength: 262_144, ellipsis: '…' }

/** Returns HTML as plain text: headings and lists as text, links with their URL, without pictures. */
export const htmlText = compile({
  wordwrap: false,
  limits: LIMITS,
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
    { selector: 'img', format: 'skip' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    // Tables lay e-mails out; their cells are read one after the other.
    { selector: 'table', format: 'block' },
  ],
})
