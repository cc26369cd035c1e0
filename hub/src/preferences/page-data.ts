import { GENERAL } from '@carillon/core/preferences/documents'
import { EffectivePreferences, Preferences } from '@carillon/schemas'
import { z } from 'zod'
import type { ReadEffective } from './effective.ts'

/** The data of the preferences page. The hub serves both, so they change together. */
export const PageData = z.object({
  grid: EffectivePreferences,
  own: Preferences.omit({ categories: true, types: true, topics: true }),
  /** The link is a sample without a user. */
  sample: z.boolean(),
  locale: z.string().optional(),
  brand: z.object({
    name: z.string().optional(),
    logo: z.string().optional(),
    colors: z.record(z.string(), z.string()).optional(),
  }),
})
export type PageData = z.infer<typeof PageData>

/** Whose preferences the page shows. */
export type PageOwner = { tenant: string; user?: string | undefined; context?: string | undefined }

/** Returns a function that reads the data of the page. `fallback`: the language of the browser. */
export const createPageData =
  ({ effective }: { effective: ReadEffective }) =>
  async ({ tenant, user, context }: PageOwner, fallback?: string): Promise<PageData> => {
    const { grid, documents, tenancy, locale } = await effective({ tenant, user }, context, fallback)
    const { categories: _, types: _types, topics: _topics, ...own } = documents?.get(context ?? GENERAL) ?? {}
    const { name, logo, colors } = tenancy.settings
    return {
      grid,
      own,
      sample: user === undefined,
      ...(locale === undefined ? {} : { locale }),
      brand: { ...(name && { name }), ...(logo && { logo }), ...(colors && { colors }) },
    }
  }
