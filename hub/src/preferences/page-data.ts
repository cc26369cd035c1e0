import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { GENERAL } from '@carillon/core/preferences/documents'
import { DeliveryChannel, EffectivePreferences, Preferences } from '@carillon/schemas'
import { z } from 'zod'
import type { ReadEffective } from './effective.ts'

/** The data of the preferences page. The hub serves both, so they change together. */
export const PageData = z.object({
  grid: EffectivePreferences,
  /** The channels that the tenant uses, in the order of the page. */
  channels: z.array(DeliveryChannel),
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
  ({ effective, cache }: { effective: ReadEffective; cache: Pick<SettingsCache, 'accounts'> }) =>
  async ({ tenant, user, context }: PageOwner, fallback?: string): Promise<PageData> => {
    const [{ grid, documents, types, tenancy, locale }, accounts] = await Promise.all([
      effective({ tenant, user }, context, fallback),
      cache.accounts(tenant),
    ])
    const used = new Set<DeliveryChannel>([
      'inbox',
      ...accounts.flatMap(({ channels }) => channels),
      ...types.flatMap(({ plan = [] }) => plan.map(({ channel }) => channel)),
    ])
    const { categories: _, types: _types, topics: _topics, ...own } = documents?.get(context ?? GENERAL) ?? {}
    const { name, logo, colors } = tenancy.settings
    return {
      grid,
      // Webhooks go to machines, and users do not set them up here.
      channels: DeliveryChannel.options.filter((channel) => used.has(channel) && channel !== 'webhook'),
      own,
      sample: user === undefined,
      ...(locale === undefined ? {} : { locale }),
      brand: { ...(name && { name }), ...(logo && { logo }), ...(colors && { colors }) },
    }
  }
