import type { Issue, TemplatePartial } from '@carillon/schemas'
import { analyze } from './analysis.ts'
import { createEngine, type Medium } from './engine.ts'
import { messageFormat } from './formats.ts'
import { partialsWithin, sourcesOf } from './references.ts'
import { TemplateError } from './template-error.ts'

/** A template and its path. */
export type Place = { path: (string | number)[]; source: string; medium: Medium }

/** The names that a template may use. Partials may have any arguments, so their `variables` are not restricted. */
export type Allowed = {
  variables?: ReadonlySet<string>
  partials: ReadonlyMap<string, TemplatePartial>
}

/** Maximum characters of a template together with its partials. */
const TOGETHER_MAX = 262_144

const parsers = {
  text: createEngine('text'),
  html: createEngine('html'),
  url: createEngine('url'),
} satisfies Record<Medium, unknown>

type Position = { line: number; column?: number | undefined }

export const atPosition = ({ line, column }: Position, message: string): string =>
  `line ${line}${column === undefined ? '' : `, column ${column}`}: ${message}`

/** Returns the faults of a template, with line and column. */
export const templateIssues = (
  { path, source, medium }: Place,
  { variables, partials }: Allowed,
): Issue[] => {
  try {
    parsers[medium](source)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return [{ path, message: atPosition(error, error.message) }]
  }
  const found = analyze(source)
  const unknown = found.variables.flatMap((named) =>
    !variables || variables.has(named.name)
      ? []
      : [atPosition(named, `there is no variable ${named.name}; templates see ${[...variables].join(', ')}`)],
  )
  const unusable = found.partials.flatMap((named) => {
    const partial = partials.get(named.name)
    if (!partial) return [atPosition(named, `there is no partial ${named.name}`)]
    if (partial.html === undefined || medium === 'html') return []
    return [atPosition(named, `the partial ${named.name} is HTML, which only HTML templates can render`)]
  })
  const messages = [...unknown, ...unusable]
  if (messages.length === 0 && found.partials.length > 0 && isTooLong(source, partials))
    messages.push(`is longer than ${TOGETHER_MAX} characters together with its partials`)
  return messages.map((message) => ({ path, message }))
}

const isTooLong = (source: string, partials: Allowed['partials']): boolean => {
  let size = source.length
  for (const key of partialsWithin([source], partials)) {
    const partial = partials.get(key)
    size += partial ? Math.max(...sourcesOf(partial).map(({ length }) => length)) : 0
  }
  return size > TOGETHER_MAX
}

/** Returns the messages of a language that are not ICU messages. */
export const messageIssues = (
  { locale, messages = {} }: { locale: string; messages?: Record<string, string> | undefined },
  path: readonly string[],
): Issue[] =>
  Object.entries(messages).flatMap(([key, message]) => {
    try {
      messageFormat(locale, message)
      return []
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [{ path: [...path, 'messages', key], message: `is not an ICU message: ${reason}` }]
    }
  })
