/** A JSON Schema that cannot be used. `pointer` is a JSON Pointer (RFC 6901) into the schema. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly pointer: string
  constructor(message: string, pointer: string) {
    super(message)
    this.pointer = pointer
  }
}
