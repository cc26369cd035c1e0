import { DeliveryChannel, type Issue, type NotificationType, type Warning } from '@carillon/schemas'
import { analyze, isMadeOfMessages, type Shown } from './analysis.ts'
import { createEngine, type Medium } from './engine.ts'
import { fieldsOf } from './fields.ts'
import { messageFormat } from './formats.ts'
import { chainOf, type Language, languagesOf, localeOf, type Templated } from './languages.ts'
import { generalizations } from './locale-chain.ts'
import { SCOPE, type Scope } from './scope.ts'
import { TemplateError } from './template-error.ts'

type Written = Templated & Pick<NotificationType, 'schema'>

/** One template of a type, and where it stands. */
type Place = { path: (string | number)[]; source: string; medium: Medium }

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

const parsers = {
  text: createEngine('text'),
  html: createEngine('html'),
  url: createEngine('url'),
} satisfies Record<Medium, unknown>

const atLine = (line: number, message: string) => `line ${line}: ${message}`

const templateIssues = ({ path, source, medium }: Place): Issue[] => {
  try {
    parsers[medium](source)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return [{ path, message: atLine(error.line, error.message) }]
  }
  const { variables, partials } = analyze(source)
  return [
    ...variables
      .filter(({ name }) => !SCOPE.has(name as keyof Scope))
      .map(({ name, line }) => ({
        path,
        message: atLine(line, `there is no variable ${name}; templates see ${[...SCOPE].join(', ')}`),
      })),
    ...partials.map(({ name, line }) => ({ path, message: atLine(line, `there is no partial ${name}`) })),
  ]
}

const messageIssues = (language: Language): Issue[] =>
  Object.entries(language.messages ?? {}).flatMap(([key, message]) => {
    try {
      messageFormat(language.locale, message)
      return []
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [{ path: [...pathOf(language), 'messages', key], message: `is not an ICU message: ${reason}` }]
    }
  })

const layoutIssues = (language: Language): Issue[] => {
  const layout = language.channels?.email?.layout
  return layout === undefined
    ? []
    : [
        {
          path: [...pathOf(language), 'channels', 'email', 'layout'],
          message: `there is no layout ${layout}`,
        },
      ]
}

/** Returns what is wrong with the templates and messages of a type, each with its path and line. */
export const templateFaults = (type: Written): Issue[] =>
  languagesOf(type).flatMap((language) => [
    ...placesOf(language).flatMap(templateIssues),
    ...messageIssues(language),
    ...layoutIssues(language),
  ])

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Words under which a schema may require more than it says at this level. */
const MORE = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentRequired']

/** Whether data may fit the schema and still lack a value. Unknown counts as no. */
const mayLack = (schema: unknown, [key, ...rest]: readonly string[]): boolean => {
  if (key === undefined || !isObject(schema) || MORE.some((word) => word in schema)) return false
  const { required, properties } = schema
  if (!Array.isArray(required) || !required.includes(key)) return true
  return isObject(properties) && mayLack(properties[key], rest)
}

const missingWarnings = ({ schema }: Written, { path, source }: Place): Warning[] =>
  analyze(source)
    .shown.filter(({ path: [root, ...keys], hasDefault }: Shown) => {
      return root === 'data' && !hasDefault && mayLack(schema, keys)
    })
    .map(({ name, line }) => ({
      code: 'maybe_missing',
      pointer: pointerOf(path),
      message: atLine(line, `${name} has no default, and the schema does not require it`),
    }))

/** The texts of the type's own language that people with a translated locale get. */
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

/** Returns what may be an oversight: values that may be missing, and texts that are not translated. */
export const templateWarnings = (type: Written): Warning[] => {
  const languages = languagesOf(type)
  return [
    ...languages.flatMap(placesOf).flatMap((place) => missingWarnings(type, place)),
    ...Object.keys(type.locales ?? {}).flatMap((locale) => untranslated(type, languages, locale)),
  ].slice(0, WARNINGS_MAX)
}
