/** A template that cannot be used, or failed. `line` counts from 1. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly line: number
  constructor(message: string, line: number, options?: ErrorOptions) {
    super(message, options)
    this.line = line
  }
}
