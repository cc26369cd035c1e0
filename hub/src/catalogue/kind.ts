import type { Issue, Parsed, Warning } from '@carillon/schemas'

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
