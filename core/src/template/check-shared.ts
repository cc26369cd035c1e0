import type { Issue, Layout, LayoutInput, PartialInput, TemplatePartial, Warning } from '@carillon/schemas'
import { analyze } from './analysis.ts'
import { atPosition, messageIssues, type Place, templateIssues } from './check-template.ts'
import { LAYOUT_SCOPE } from './layouts.ts'
import { languagesWithin } from './partials.ts'
import { partialsWithin, sourcesOf, withPartials } from './references.ts'
import { SCOPE } from './scope.ts'

type Partials = ReadonlyMap<string, TemplatePartial>
type Texts = Pick<Layout, 'text' | 'messages'> & { html?: string | undefined }

const IN_LAYOUTS: ReadonlySet<string> = new Set([...SCOPE, ...LAYOUT_SCOPE])

const languages = (shared: LayoutInput | PartialInput) =>
  languagesWithin<Texts>(shared as Texts).map((texts) => ({
    ...texts,
    start: texts.pointer.split('/').slice(1),
  }))

const placesOf = ({ html, text, start }: ReturnType<typeof languages>[number]): Place[] => [
  ...(html === undefined ? [] : [{ path: [...start, 'html'], source: html, medium: 'html' as const }]),
  ...(text === undefined ? [] : [{ path: [...start, 'text'], source: text, medium: 'text' as const }]),
]

const PAGE = /<(?:!doctype|html)\b/i

const shows = (source: string, variable: string): boolean =>
  analyze(source).variables.some(({ name }) => name === variable)

const contentIssues = (place: Place, partials: Partials): Issue[] => {
  const issues = templateIssues(place, { variables: IN_LAYOUTS, partials })
  if (issues.length > 0 || shows(place.source, 'content')) return issues
  const message = atPosition({ line: 1, column: 1 }, 'has no {{ content }}, which renders the message')
  return [{ path: place.path, message }]
}

/**
 * Yields the faults of a layout, each with its path, line and column. A unit is one template, or the messages of one
 * language.
 */
export function* layoutFaults(layout: LayoutInput, partials: Partials): Generator<Issue[]> {
  for (const texts of languages(layout)) {
    for (const place of placesOf(texts)) yield contentIssues(place, partials)
    yield messageIssues(texts, texts.start)
  }
}

/**
 * Yields a warning for each whole page of a layout without an unsubscribe link. Carillon adds the link around a part of a page.
 */
export function* layoutWarnings(layout: LayoutInput, partials: Partials): Generator<Warning[]> {
  for (const { html, start } of languages(layout)) {
    if (html === undefined || !PAGE.test(html)) continue
    const links = withPartials([html], partials).some((source) => shows(source, 'unsubscribe_url'))
    const pointer = [...start, 'html'].map((part) => `/${part}`).join('')
    yield links ? [] : [{ code: 'no_unsubscribe', pointer, message: 'has no {{ unsubscribe_url }}' }]
  }
}

/**
 * Yields the faults of a partial, each with its path, line and column. A unit is one template, or the messages of one
 * language. `partials`: those of the library.
 */
export function* partialFaults(key: string, partial: PartialInput, partials: Partials): Generator<Issue[]> {
  const kind = partial.html === undefined ? 'text' : 'html'
  const other = kind === 'html' ? 'text' : 'html'
  if (partial[kind] === undefined) return yield [{ path: [], message: 'has neither text nor html' }]
  const found = languages(partial)
  const mixed = found.flatMap((texts) =>
    texts[other] === undefined
      ? []
      : [{ path: [...texts.start, other], message: `the partial is ${kind}, so every language must be` }],
  )
  const all = new Map(partials).set(key, { ...partial, key, version: 0 })
  yield mixed
  let valid = mixed.length === 0
  const units = function* () {
    for (const place of found.flatMap(placesOf)) yield templateIssues(place, { partials: all })
    for (const texts of found) yield messageIssues(texts, texts.start)
  }
  for (const issues of units()) {
    yield issues
    valid &&= issues.length === 0
  }
  if (valid && partialsWithin(sourcesOf(partial), all).has(key))
    yield [{ path: [kind], message: 'renders itself, directly or through other partials' }]
}
