import { z } from 'zod'
import { ContextKey } from '../fields/ids.ts'
import { JsonObject } from '../fields/json.ts'
import { Locale, TimeZone } from '../fields/locale.ts'
import { nonEmptyText } from '../fields/text.ts'
import { WebUrl } from '../fields/url.ts'
import { DefaultPreferences } from '../user/preferences.ts'
import { Senders } from './senders.ts'

const COLORS_MAX = 32

export const Colors = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z][A-Za-z0-9_-]{0,31}$/,
        'a color name is a letter and up to 31 letters, digits, _ or -',
      ),
    z.string().regex(/^#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$/, 'must be a color such as #1f4fd8'),
  )
  .refine((colors) => Object.keys(colors).length <= COLORS_MAX, `must have at most ${COLORS_MAX} colors`)
  .meta({
    id: 'Colors',
    description: 'Colors by name, for templates and layouts: #rgb or #rrggbb',
    examples: [{ primary: '#1f4fd8' }],
    maxProperties: COLORS_MAX,
  })

/** The settings that a tenant and each of its contexts can have. */
export const settingsShape = {
  name: nonEmptyText(256).optional().describe('The display name'),
  logo: WebUrl.optional().describe('The https URL of an image'),
  colors: Colors.optional(),
  senders: Senders.optional(),
  url: WebUrl.optional().describe(
    'The https URL of the app. Outside the app, links that are paths, such as /posts/7, are resolved against it',
  ),
  timezone: TimeZone.optional(),
  locale: Locale.optional(),
  attributes: JsonObject.optional().describe('Any JSON object, for templates and conditions'),
  defaults: DefaultPreferences.optional(),
}

/** The settings of a context. Omitted settings are the tenant's. */
export const ContextSettings = z.strictObject(settingsShape).meta({
  id: 'ContextSettings',
  description: "The settings of a context. Omitted settings are the tenant's",
  examples: [
    {
      name: 'Acme Corp',
      logo: 'https://acme.example/logo.png',
      colors: { primary: '#1f4fd8' },
      senders: { email: { from: { email: 'hello@acme.example', name: 'Acme' } } },
      locale: 'pt-PT',
      timezone: 'Europe/Lisbon',
      attributes: { plan: 'pro' },
    },
  ],
})
export type ContextSettings = z.infer<typeof ContextSettings>

/** A context in responses. */
export const Context = z.object({ key: ContextKey, ...settingsShape }).meta({
  id: 'Context',
  description: "A workspace, account or project of the tenant's customers, and its settings",
  examples: [{ key: 'org-7', name: 'Acme Corp', colors: { primary: '#1f4fd8' } }],
})
export type Context = z.infer<typeof Context>
