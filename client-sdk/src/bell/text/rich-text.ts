import { html, type TemplateResult } from 'lit'
import { isLink } from './link.ts'
import { plain } from './plain.ts'

/** Bold, italic, code, link and line break. Anything else stays as it is. */
const MARKS =
  /\*\*(?<bold>[^*\n]+)\*\*|\*(?<italic>[^*\n]+)\*|`(?<code>[^`\n]+)`|\[(?<label>[^[\]\n]+)\]\((?<url>[^()\s]+)\)|(?<line>\n)/g

/**
 * Renders a subset of Markdown as nodes: `**bold**`, `*italic*`, `` `code` ``, `[label](url)` and line breaks, not nested.
 * HTML is shown as text. A link that is not safe is shown as its source.
 */
export const richText = (source: string): (string | TemplateResult)[] => {
  const text = plain(source)
  const parts: (string | TemplateResult)[] = []
  let end = 0
  for (const match of text.matchAll(MARKS)) {
    const { bold, italic, code, label, url, line } = match.groups ?? {}
    parts.push(text.slice(end, match.index))
    end = match.index + match[0].length
    if (bold) parts.push(html`<strong>${bold}</strong>`)
    else if (italic) parts.push(html`<em>${italic}</em>`)
    else if (code) parts.push(html`<code>${code}</code>`)
    else if (line) parts.push(html`<br />`)
    else if (isLink(url)) parts.push(html`<a href=${url} rel="noopener noreferrer">${label}</a>`)
    else parts.push(match[0])
  }
  parts.push(text.slice(end))
  return parts
}
