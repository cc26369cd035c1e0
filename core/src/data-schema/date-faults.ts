import { type Issue, isJsonObject, type NotificationTypeInput } from '@carillon/schemas'
import { referenced } from './check-schema.ts'

type Schema = Record<string, unknown>
type Plan = NotificationTypeInput['plan']

const NO_DATE = 'the schema has no property with format date-time or date there'

/** Returns a schema and those that apply to the same value. */
const applied = (root: Schema, schema: unknown): Schema[] => {
  if (!isJsonObject(schema)) return []
  const { $ref, allOf, anyOf, oneOf } = schema
  const others = [allOf, anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []))
  if ($ref !== undefined) others.push(referenced(root, $ref, '')[0])
  return [schema, ...others.flatMap((other) => applied(root, other))]
}

const isDate = (schema: Schema, path: string): boolean => {
  let here = applied(schema, schema)
  for (const key of path.split('.').slice(1))
    here = here.flatMap(({ properties }) =>
      isJsonObject(properties) && Object.hasOwn(properties, key) ? applied(schema, properties[key]) : [],
    )
  return here.some(({ format }) => format === 'date-time' || format === 'date')
}

/**
 * Returns what is wrong with the steps and the throttle of a type that wait for a date in `data`: its schema, which has to be
 * usable, has no date there.
 */
export const dateFaults = ({
  plan,
  variants = [],
  throttle,
  schema,
}: Pick<NotificationTypeInput, 'plan' | 'variants' | 'throttle' | 'schema'>): Issue[] => {
  if (schema === undefined) return []
  const faultsOf = (steps: Plan = [], start: (string | number)[] = []): Issue[] =>
    steps.flatMap(({ after }, index) =>
      typeof after !== 'object' || isDate(schema, after.from)
        ? []
        : [{ path: [...start, 'plan', index, 'after', 'from'], message: NO_DATE }],
    )
  const until = throttle?.until
  return [
    ...faultsOf(plan),
    ...variants.flatMap((variant, index) => faultsOf(variant.plan, ['variants', index])),
    ...(until === undefined || isDate(schema, until)
      ? []
      : [{ path: ['throttle', 'until'], message: NO_DATE }]),
  ]
}
