import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { jsonSchemas } from './json-schema.ts'

const folder = new URL('../../json/', import.meta.url)

describe('JSON Schema files', () => {
  it('match the code (npm run schemas writes them)', () => {
    const written = Object.fromEntries(
      readdirSync(folder).map((file) => [
        file.replace(/\.json$/, ''),
        JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
      ]),
    )
    expect(written).toEqual(JSON.parse(JSON.stringify(jsonSchemas())))
  })

  it('describe a notification as a sender writes it', () => {
    const { notification } = jsonSchemas()
    expect(notification).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['to', 'type'],
      additionalProperties: false,
    })
  })
})
