/** The part of https://github.com/html-to-text/node-html-to-text that is used. The package has no types of its own. */
declare module 'html-to-text' {
  type Selector = { selector: string; format?: string; options?: Record<string, unknown> }
  type Options = {
    wordwrap?: number | false
    selectors?: Selector[]
    limits?: { maxDepth?: number; maxInputLength?: number; ellipsis?: string }
  }
  export function compile(options?: Options): (html: string) => string
}
