import { type Issue, type Parsed, parse, type Warning } from '@carillon/schemas'
import type { z } from 'zod'

/** A resource as JSON, without its key and version. */
export type Resource = Record<string, unknown>

/** What is stored under a key. */
export type Stored = { resource: Resource; etag?: string }

/** The checked resources of one set, by kind and key. */
export type Checked = Partial<Record<string, ReadonlyMap<string, Resource>>>

/** One kind of resources in a catalogue. */
export type Kind = {
  /** Parses a resource. Returns it as it would be stored. */
  parse(key: string, value: unknown): Parsed<Resource>
  /** Returns what is wrong with a parsed resource. `set`: all resources, to which it may refer. */
  faults(tenant: string, key: string, resource: Resource, set: Checked): Promise<Issue[]>
  warnings(tenant: string, key: string, resource: Resource): Promise<Warning[]>
  /** Returns all stored resources of the tenant by key. */
  stored(tenant: string): Promise<Map<string, Stored>>
}

type Definition<Listed> = {
  key: z.ZodType
  input: z.ZodType<Resource>
  list(tenant: string): Promise<readonly Listed[]>
  etag?(listed: Listed): string
} & Partial<Pick<Kind, 'faults' | 'warnings'>>

/** What `GET` returns and `PUT` ignores. */
const withoutOwn = ({ key: _, version: __, ...resource }: Resource): Resource => resource

/** Defines a kind by its schemas, its list and the checks that schemas cannot express. */
export const kindOf = <Listed extends { key: string }>(definition: Definition<Listed>): Kind => ({
  faults: async () => [],
  warnings: async () => [],
  ...definition,
  parse: (key, value) => {
    const named = parse(definition.key, key)
    return named.success ? parse(definition.input, withoutOwn(value as Resource)) : named
  },
  stored: async (tenant) =>
    new Map(
      (await definition.list(tenant)).map((listed) => [
        listed.key,
        {
          resource: withoutOwn(listed),
          ...(definition.etag ? { etag: definition.etag(listed) } : {}),
        },
      ]),
    ),
})
