import {
  DeliveryChannel,
  type Issue,
  isJsonObject,
  type NotificationType,
  type Warning,
} from '@carillon/schemas'
import { analyze, isMadeOfMessages, type Shown } from './analysis.ts'
import { atPosition, messageIssues, type Place, templateIssues } from './check-template.ts'
import { windowFaults, windowKeyPlaces } from './check-window-keys.ts'
import type { Medium } from './engine.ts'
import { fieldsOf } from './fields.ts'
import { allLanguages, type Language, languagesOf, localeOf, type Templated } from './languages.ts'
import { linkWarnings } from './link-warnings.ts'
import { chainOf, generalizations } from './locale-chain.ts'
import { SCOPE } from './scope.ts'
import { NO_REFERENCES, type References } from './type-templates.ts'

type Written = Templated &
  Pick<NotificationType, 'schema'> &
  Pick<Partial<NotificationType>, 'throttle' | 'plan'>

const LINKS = new Set(['url', 'image'])
const WARNINGS_MAX = 100

const pathOf = ({ pointer }: Pick<Language, 'pointer'>) => pointer.split('/').slice(1)
const pointerOf = (path: readonly (string | number)[]) => path.map((key) => `/${key}`).join('')

const placesOf = (language: Language): Place[] => {
  const start = pathOf(language)
  const { actions = [], ...content } = language.content ?? {}
  const place = (medium: Medium, source: string | undefined, ...path: (string | number)[]): Place[] =>
    source === undefined ? [] : [{ path: [...start, ...path], source, medium }]
  return [
    ...Object.entries(content).flatMap(([field, source]) =>
      place(LINKS.has(field) ? 'url' : 'text', source, 'content', field),
    ),
    ...actions.flatMap(({ label, url }, index) => [
      ...place('text', label, 'content', 'actions', index, 'label'),
      ...place('url', url, 'content', 'actions', index, 'url'),
    ]),
    ...Object.entries(language.channels ?? {}).flatMap(([channel, templates]) =>
      Object.entries<string | undefined>(templates ?? {}).flatMap(([field, source]) =>
        field === 'layout'
          ? []
          : place(field === 'html' ? 'html' : 'text', source, 'channels', channel, field),
      ),
    ),
  ]
}

/** Returns the template of a type's group, which is the same in all languages. */
const groupPlaces = ({ group }: Written): Place[] =>
  group === undefined ? [] : [{ path: ['group'], source: group, medium: 'text' }]

/** The names that types may use: the layouts, partials and `env` of a library. */
type Names = Pick<References, 'layouts' | 'partials' | 'env'>

const layoutIssues = (language: Language, { layouts }: Names): Issue[] => {
  const layout = language.channels?.email?.layout
  if (layout === undefined || layouts.has(layout)) return []
  const path = [...pathOf(language), 'channels', 'email', 'layout']
  return [{ path, message: `there is no layout ${layout}` }]
}

/**
 * Yields the faults of the templates, messages, digests and throttle of a type, each with its path, line and column. A unit is
 * one template, or the messages of one language.
 */
export function* templateFaults(type: Written, names: Names = NO_REFERENCES): Generator<Issue[]> {
  const issues = (place: Place) => templateIssues(place, { variables: SCOPE, partials: names.partials })
  for (const place of groupPlaces(type)) yield issues(place)
  yield* windowFaults(type)
  for (const language of allLanguages(type)) {
    for (const place of placesOf(language)) yield issues(place)
    yield messageIssues(language, pathOf(language))
    yield layoutIssues(language, names)
  }
}

/** Keywords whose subschemas may require more than this level does. */
const MORE = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentRequired']

/** Whether data may match the schema and still lack a value. Unknown counts as no. */
const mayLack = (schema: unknown, [key, ...rest]: readonly string[]): boolean => {
  if (key === undefined || !isJsonObject(schema) || MORE.some((word) => word in schema)) return false
  const { required, properties } = schema
  if (!Array.isArray(required) || !required.includes(key)) return true
  return isJsonObject(properties) && mayLack(properties[key], rest)
}

const missingWarnings = ({ schema }: Written, { path, source }: Place): Warning[] =>
  analyze(source)
    .shown.filter(({ path: [root, ...keys], hasDefault }: Shown) => {
      return root === 'data' && !hasDefault && mayLack(schema, keys)
    })
    .map(({ name, line }) => ({
      code: 'maybe_missing',
      pointer: pointerOf(path),
      message: atPosition({ line }, `${name} has no default, and the schema does not require it`),
    }))

/** The texts in the type's own language that users with a translated locale get. */
const untranslated = (type: Written, languages: readonly Language[], locale: string): Warning[] => {
  const understood = new Set(generalizations(locale))
  const chain = chainOf(languages, locale, localeOf(type))
  const foreign = DeliveryChannel.options
    .flatMap((channel) => Object.values(fieldsOf(chain, channel)))
    .filter((found) => found !== undefined)
    .filter((found) => !understood.has(found.locale) && !isMadeOfMessages(found.source))
  const keys = (some: readonly Language[]) => some.flatMap(({ messages = {} }) => Object.keys(messages))
  const known = new Set(keys(chain.filter((language) => understood.has(language.locale))))
  const messages = keys(chain).filter((key) => !known.has(key))
  return [
    ...new Set([...foreign.map(({ pointer }) => pointer), ...messages.map((key) => `/messages/${key}`)]),
  ].map((pointer) => ({ code: 'untranslated', pointer, message: `has no translation to ${locale}` }))
}

/**
 * Yields the warnings about a type: URLs that are not links, values that may be missing, and texts that are not translated.
 * A unit is one template or one locale. Ends after WARNINGS_MAX.
 */
export function* templateWarnings(type: Written): Generator<Warning[]> {
  let left = WARNINGS_MAX
  for (const warnings of allWarnings(type)) {
    yield warnings.slice(0, left)
    left -= warnings.length
    if (left <= 0) return
  }
}

function* allWarnings(type: Written): Generator<Warning[]> {
  for (const place of [
    ...groupPlaces(type),
    ...windowKeyPlaces(type),
    ...allLanguages(type).flatMap(placesOf),
  ])
    yield [...linkWarnings(place), ...missingWarnings(type, place)]
  const languages = languagesOf(type)
  for (const locale of Object.keys(type.locales ?? {})) yield untranslated(type, languages, locale)
}
