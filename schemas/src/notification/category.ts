import { z } from 'zod'
import { Category } from '../fields/ids.ts'
import { Locale } from '../fields/locale.ts'
import { nonEmptyText } from '../fields/text.ts'
import { LOCALES_MAX } from './templates.ts'

const words = {
  name: nonEmptyText(128).optional().describe('The display name. Defaults to the key'),
  description: nonEmptyText(512).optional().describe('What the category is about, in a sentence or two'),
}

const CategoryWords = z.strictObject(words).meta({
  id: 'CategoryWords',
  description: 'The display name and description of a category in one language',
  examples: [{ name: 'Encomendas', description: 'O que acontece às suas encomendas' }],
})

/** A category in requests: its display name and description, and whether users may opt out. */
export const CategoryInput = z
  .strictObject({
    ...words,
    locales: z
      .record(Locale, CategoryWords)
      .refine((locales) => Object.keys(locales).length <= LOCALES_MAX, `at most ${LOCALES_MAX} locales`)
      .meta({ maxProperties: LOCALES_MAX })
      .optional()
      .describe('Translations. A user sees the closest language that has a text'),
    optOut: z
      .boolean()
      .optional()
      .describe(
        '`false`: its types are transactional. Users cannot switch them off, and their e-mails have no unsubscribe link',
      ),
    hidden: z.boolean().optional().describe('`true`: hidden from the preferences that users see'),
  })
  .meta({
    id: 'CategoryInput',
    description: 'A category in requests: its display name and description, and whether users may opt out',
    examples: [
      {
        name: 'Orders',
        description: 'What happens to your orders',
        locales: { pt: { name: 'Encomendas', description: 'O que acontece às suas encomendas' } },
      },
    ],
  })
export type CategoryInput = z.infer<typeof CategoryInput>

/** A category of a tenant. */
export const CategoryDefinition = z.object({ key: Category, ...CategoryInput.shape }).meta({
  id: 'CategoryDefinition',
  description: 'A category: its display name and description, and whether users may opt out',
  examples: [{ key: 'orders', name: 'Orders', description: 'What happens to your orders' }],
})
export type CategoryDefinition = z.infer<typeof CategoryDefinition>
