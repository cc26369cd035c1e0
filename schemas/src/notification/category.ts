import { z } from 'zod'
import { Category } from '../fields/ids.ts'
import { Locale } from '../fields/locale.ts'
import { nonEmptyText } from '../fields/text.ts'

const LOCALES_MAX = 50

const words = {
  name: nonEmptyText(128).optional().describe('The name as people read it; the key if left out'),
  description: nonEmptyText(512).optional().describe('What the category is about, in a sentence or two'),
}

const CategoryWords = z.strictObject(words).meta({
  id: 'CategoryWords',
  description: 'How people read a category in one language',
  examples: [{ name: 'Encomendas', description: 'O que acontece às suas encomendas' }],
})

/** A category in requests: how people read it, and whether they may opt out of it. */
export const CategoryInput = z
  .strictObject({
    ...words,
    locales: z
      .record(Locale, CategoryWords)
      .refine((locales) => Object.keys(locales).length <= LOCALES_MAX, `at most ${LOCALES_MAX} locales`)
      .meta({ maxProperties: LOCALES_MAX })
      .optional()
      .describe('Translations. A person reads those of the closest language that has them'),
    optOut: z
      .boolean()
      .optional()
      .describe(
        '`false`: its types are transactional. People cannot switch them off, and they have no unsubscribe link',
      ),
    hidden: z.boolean().optional().describe('`true`: left out of the preferences that people see'),
  })
  .meta({
    id: 'CategoryInput',
    description: 'A category as it is written: how people read it, and whether they may opt out of it',
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
  description: 'A category: how people read it, and whether they may opt out of it',
  examples: [{ key: 'orders', name: 'Orders', description: 'What happens to your orders' }],
})
export type CategoryDefinition = z.infer<typeof CategoryDefinition>
