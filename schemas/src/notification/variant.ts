import { z } from 'zod'
import { TOKEN } from '../fields/token.ts'
import { Expression } from './expression.ts'
import { Plan } from './plan.ts'
import { templatesShape } from './templates.ts'

const VARIANTS_MAX = 10
const WEIGHT_MAX = 1_000

/** The key of a variant within its type. */
export const VariantKey = z
  .string()
  .regex(TOKEN, 'a variant is 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The key of a variant of a type', examples: ['short'] })

const { locale: _, ...texts } = templatesShape

export const TypeVariant = z
  .strictObject({
    key: VariantKey,
    weight: z
      .int()
      .min(1)
      .max(WEIGHT_MAX)
      .describe('Its share: of two variants with the weights 1 and 3, a quarter of the users get the first'),
    if: Expression.optional().describe(
      'A condition in CEL over `data`, `user`, `tenant` and `context`. Users who do not meet it get one of the other variants',
    ),
    ...texts,
    plan: Plan.optional().describe("The delivery plan, in place of the type's own"),
  })
  .meta({
    id: 'TypeVariant',
    description:
      "A variant of the type's texts or plan. Each user always gets the same one. Omitted parts are the type's",
    examples: [{ key: 'short', weight: 1, content: { title: '{{ data.number }} is coming' } }],
  })
export type TypeVariant = z.infer<typeof TypeVariant>

export const TypeVariants = z
  .array(TypeVariant)
  .min(1)
  .max(VARIANTS_MAX)
  .refine(
    (variants) => new Set(variants.map(({ key }) => key)).size === variants.length,
    'the key of a variant must not occur twice',
  )

/** The outcome of the notifications of one variant, in users. A user counts once per notification. */
export const VariantFigures = z
  .object({
    key: VariantKey,
    weight: z.int().describe('Its share in the version in force'),
    sent: z.int().min(0).describe('Users who got it, in the inbox or by a step of the plan'),
    delivered: z.int().min(0).describe('Users whose app received the item, or to whom a provider delivered'),
    read: z.int().min(0).describe('Users who read it'),
    clicked: z
      .int()
      .min(0)
      .describe('Users who used an action of the item, or a link that a provider tracks'),
  })
  .meta({
    id: 'VariantFigures',
    description:
      'The outcome of the notifications of one variant, in users. A user counts once per notification. The standard error is 1.6 %; figures of a few dozen are exact, or one too low',
    examples: [{ key: 'short', weight: 1, sent: 1_204, delivered: 1_190, read: 630, clicked: 88 }],
  })
export type VariantFigures = z.infer<typeof VariantFigures>
