/**
 * Writes the JSON Schema files next to the sources: `npm run schemas`. A test holds them to the code.
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { jsonSchemas } from './json-schema.ts'

const folder = new URL('../../json/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, schema] of Object.entries(jsonSchemas()))
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(schema, null, 2)}\n`)
