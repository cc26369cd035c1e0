/** A template that cannot be used, or failed. `line` and `column` count from 1. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly line: number
  readonly column: number | undefined
  constructor(message: string, line: number, options?: ErrorOptions & { column?: number | undefined }) {
    super(message, options)
    this.line = line
    this.column = options?.column
  }
}
