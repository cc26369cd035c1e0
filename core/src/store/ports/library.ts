import type { Layout, LayoutInput, PartialInput, TemplateEnv, TemplatePartial } from '@carillon/schemas'
import type { VersionEntry } from './types.ts'

/** The layouts, partials and `env` of a tenant as of one revision. Revision 0 is empty. */
export type Library = {
  revision: number
  layouts: ReadonlyMap<string, Layout>
  partials: ReadonlyMap<string, TemplatePartial>
  env: TemplateEnv
  /** The revision that set `env`; 0 if none did. */
  envVersion: number
  /** Its size in characters of JSON. */
  size: number
}

/** A change of one layout, partial or `env`. Without a value, it is deleted. The key of `env` is empty. */
export type LibraryChange =
  | { kind: 'layout'; key: string; value?: LayoutInput }
  | { kind: 'partial'; key: string; value?: PartialInput }
  | { kind: 'env'; key: ''; value: TemplateEnv }

export type LibraryPlace = Pick<LibraryChange, 'kind' | 'key'>

/**
 * The library of each tenant: its layouts, partials and `env` under one number, the revision. Each change makes the next
 * revision. Revisions are kept and never change, so the number pins everything that templates refer to.
 */
export interface Libraries {
  /** Returns the newest revision; 0 if there is none. */
  newest(tenant: string): Promise<number>
  /** Returns the library as of a revision; undefined if there is no such revision. */
  at(tenant: string, revision: number): Promise<Library | undefined>
  /**
   * Makes the revision after `base` and resolves with its number; resolves with `base` if nothing would change. If `base` is
   * not the newest revision, resolves with undefined and changes nothing, so one of several concurrent writers wins.
   */
  put(tenant: string, base: number, change: LibraryChange, by?: string): Promise<number | undefined>
  /** Returns the revisions that changed one place, newest first. */
  versions(
    tenant: string,
    place: LibraryPlace,
    page: { before?: number; limit: number },
  ): Promise<VersionEntry[]>
}
