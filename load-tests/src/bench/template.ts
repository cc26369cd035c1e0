/** Text with placeholders such as `{user}`, or JSON with placeholders in its strings. */
export type Template = string | Record<string, unknown>

/** Fills in a template. Throws if `values` lacks a placeholder. */
type Fill = (values: Readonly<Record<string, string>>) => string

const PLACEHOLDER = /\{(\w+)\}/g
const inJson = (value: string) => JSON.stringify(value).slice(1, -1)

/**
 * Returns a function that fills in a template. Values are inserted into text as `inText` returns them, and into the strings of
 * JSON with escapes.
 */
export const filling = (template: Template, inText = (value: string) => value): Fill => {
  const text = typeof template === 'string' ? template : JSON.stringify(template)
  const encoded = typeof template === 'string' ? inText : inJson
  return (values) =>
    text.replace(PLACEHOLDER, (placeholder, name) => {
      const value = values[name]
      if (value === undefined)
        throw new Error(`${placeholder} is unknown; known are ${Object.keys(values).join(', ')}: ${text}`)
      return encoded(value)
    })
}
