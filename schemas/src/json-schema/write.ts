/**
 * Writes the JSON Schema files of `schemas/json`: `npm run schemas`. A test compares them with the code.
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { jsonSchemas } from './json-schema.ts'

const folder = new URL('../../json/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, schema] of Object.entries(jsonSchemas()))
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(schema, null, 2)}\n`)
