import type { Scope } from '@carillon/core/security/api-keys'
import { type CatalogueInput, type Issue, type Parsed, parse, type Warning } from '@carillon/schemas'
import type { z } from 'zod'

/** A resource as JSON, without its key and version. */
export type Resource = Record<string, unknown>

/** What is stored under a key. */
export type Stored = { resource: Resource; etag?: string }

/** The checked resources of one set, by kind and key. */
export type Checked = Partial<Record<string, ReadonlyMap<string, Resource>>>

/** One kind of resources in a catalogue. */
export type Kind = {
  /** The kind has one resource without a key, which is never removed. Its key here is the empty string. */
  single?: true
  /** The scope that comparing needs, besides that of the route, because the response contains stored values. */
  scope?: Scope
  /** Parses a resource. Returns it as it would be stored. */
  read(key: string, value: unknown): Parsed<Resource>
  /** The kinds that its checks depend on. A resource that is stored already is checked again only if one of them changes. */
  refersTo: readonly (keyof CatalogueInput)[]
  /** Yields the faults of a parsed resource. `set`: all resources, to which it may refer. */
  faults(tenant: string, key: string, resource: Resource, set: Checked): Promise<Iterable<Issue[]>>
  warnings(tenant: string, key: string, resource: Resource, set: Checked): Promise<Iterable<Warning[]>>
  /** Orders resources so that each refers to earlier ones only. */
  order(resources: ReadonlyMap<string, Resource>): string[]
  /** Returns stored resources of the tenant by key: all of them, or those of `keys` if the tenant may have too many. */
  stored(tenant: string, keys: readonly string[]): Promise<Map<string, Stored>>
}

type Definition<Listed> = {
  key: z.ZodType
  input: z.ZodType<Resource>
  list(tenant: string, keys: readonly string[]): Promise<readonly Listed[]>
  etag?(listed: Listed): string
  /** Returns the value to compare. By default, everything but key and version. */
  resource?(listed: Listed): Resource
} & Partial<Pick<Kind, 'scope' | 'refersTo' | 'faults' | 'warnings' | 'order'>>

const unordered: Pick<Kind, 'refersTo' | 'faults' | 'warnings' | 'order'> = {
  refersTo: [],
  faults: async () => [],
  warnings: async () => [],
  order: (resources) => [...resources.keys()],
}

/** Drops the properties that `GET` returns and `PUT` ignores. */
const withoutOwn = ({ key: _, version: __, ...resource }: Resource): Resource => resource

/** Defines a kind by its schemas, its list and the checks that schemas cannot express. */
export const kindOf = <Listed extends { key: string }>(definition: Definition<Listed>): Kind => ({
  ...unordered,
  ...definition,
  read: (key, value) => {
    const named = parse(definition.key, key)
    return named.success ? parse(definition.input, withoutOwn(value as Resource)) : named
  },
  stored: async (tenant, keys) =>
    new Map(
      (await definition.list(tenant, keys)).map((listed) => [
        listed.key,
        {
          resource: definition.resource?.(listed) ?? withoutOwn(listed),
          ...(definition.etag ? { etag: definition.etag(listed) } : {}),
        },
      ]),
    ),
})

/** Defines a kind that is one resource without a key. */
export const singleKind = (
  definition: Pick<Definition<never>, 'input' | 'scope' | 'faults'> & {
    get(tenant: string): Promise<Stored | undefined>
  },
): Kind => ({
  ...unordered,
  ...definition,
  single: true,
  read: (_, value) => parse(definition.input, value),
  stored: async (tenant) => {
    const stored = await definition.get(tenant)
    return new Map(stored ? [['', stored]] : [])
  },
})
