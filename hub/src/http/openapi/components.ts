import { withExamplesAndDefaults } from '@carillon/schemas'
import { z } from 'zod'

export type Json = Record<string, unknown>
type Direction = 'input' | 'output'

const REFERENCE = '#/components/schemas/'

/** The names of the components that a definition refers to. */
const referencesOf = (definition: Json): string[] =>
  [...JSON.stringify(definition).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  )

type Union = {
  oneOf: { $ref: string }[]
  discriminator: { propertyName: string; mapping: Record<string, string> }
}

/** Adds the mapping from discriminator values to union members, for code generators. */
const mapDiscriminators = (definitions: Record<string, Json>): void => {
  for (const definition of Object.values(definitions) as Partial<Union>[])
    if (definition.discriminator) {
      const { oneOf = [], discriminator } = definition
      const entries = oneOf.map(({ $ref }) => {
        const { properties } = definitions[$ref.slice(REFERENCE.length)] as {
          properties: Record<string, { const: string }>
        }
        return [properties[discriminator.propertyName]?.const, $ref]
      })
      discriminator.mapping = Object.fromEntries(entries)
    }
}

const polished = (context: { zodSchema: z.core.$ZodType; jsonSchema: z.core.JSONSchema.BaseSchema }) => {
  withExamplesAndDefaults(context)
  const { zodSchema, jsonSchema } = context
  const { def } = (zodSchema as z.core.$ZodTypes)._zod
  const json = jsonSchema as Json
  // Responses may get new properties, so only request schemas are closed.
  if (def.type === 'object' && def.catchall === undefined) delete json.additionalProperties
  // `maxItems` says the same, and code generators do not read `false`.
  if (def.type === 'tuple' && json.items === false) delete json.items
  if (def.type === 'union' && 'discriminator' in def) json.discriminator = { propertyName: def.discriminator }
}

/**
 * Converts many schemas at once, so that shared components are defined once. zod writes the JSON Schema of
 * OpenAPI 3.1.
 */
const convert = (schemas: Record<string, z.ZodType>, io: Direction) => {
  const document = z.toJSONSchema(z.object(schemas), { io, unrepresentable: 'any', override: polished })
  const moved = JSON.parse(JSON.stringify(document).replaceAll('"#/$defs/', `"${REFERENCE}`)) as {
    properties?: Record<string, Json>
    $defs?: Record<string, Json>
  }
  const definitions = Object.fromEntries(
    Object.entries(moved.$defs ?? {}).map(([name, { id: _, ...definition }]) => [name, definition]),
  )
  mapDiscriminators(definitions)
  return { schemas: moved.properties ?? {}, definitions }
}

/**
 * Returns the components that requests and responses share by name but not by shape, including those that
 * differ only in their members.
 */
const differing = (read: Record<string, Json>, written: Record<string, Json>): Set<string> => {
  const shared = Object.keys(read).filter((name) => written[name] !== undefined)
  const found = new Set(shared.filter((name) => JSON.stringify(read[name]) !== JSON.stringify(written[name])))
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const name of shared)
      if (referencesOf(read[name] ?? {}).some((member) => found.has(member))) found.add(name)
  }
  return found
}

const renamed = <T>(value: T, names: ReadonlySet<string>): T =>
  JSON.parse(
    JSON.stringify(value).replaceAll(/"#\/components\/schemas\/([^"]+)"/g, (whole, name: string) =>
      names.has(name) ? `"${REFERENCE}${name}Input"` : whole,
    ),
  ) as T

/**
 * Returns the JSON Schemas of requests and responses by key, with the shared components. A component is a
 * schema with an `id` in its metadata. Its shape can differ between requests and responses: a property with a
 * default is optional in one and always present in the other. In that case `Input` is appended to its name in
 * requests. Throws if that name is taken.
 */
export const componentsOf = (inputs: Record<string, z.ZodType>, outputs: Record<string, z.ZodType>) => {
  const read = convert(inputs, 'input')
  const written = convert(outputs, 'output')
  const names = differing(read.definitions, written.definitions)
  const definitions = { ...written.definitions }
  for (const [name, definition] of Object.entries(renamed(read.definitions, names))) {
    const own = names.has(name) ? `${name}Input` : name
    if (own !== name && (definitions[own] ?? read.definitions[own]) !== undefined)
      throw new Error(`two components are called ${own}`)
    definitions[own] = definition
  }
  return { inputs: renamed(read.schemas, names), outputs: written.schemas, definitions }
}
