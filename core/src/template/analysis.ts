import { Liquid, Output, type Template, Tokenizer, TypeGuards, toValueSync } from 'liquidjs'
import { LRUCache } from 'lru-cache'
import { ENGINE_OPTIONS } from './engine.ts'
import { FILTERS } from './filters.ts'

/** A place where a template shows a value. `path` begins with the variable, such as `data`. */
export type Shown = { path: string[]; name: string; line: number; hasDefault: boolean }

type Named = { name: string; line: number; column?: number | undefined }

/** What a template reads. */
export type Analysis = {
  /** The variables from outside, such as `data` and `user`. */
  variables: readonly Named[]
  partials: readonly Named[]
  /** The values it shows, except those that a condition of the same template checks. */
  shown: readonly Shown[]
}

// Liquid counts a template once more for each partial in it, so it has no limit here: the engine has parsed it before.
const liquid = new Liquid({ ...ENGINE_OPTIONS, parseLimit: Number.POSITIVE_INFINITY })
for (const [name, filter] of Object.entries(FILTERS)) liquid.registerFilter(name, filter)

function* within(templates: readonly Template[]): Generator<Template> {
  for (const template of templates) {
    yield template
    if (template.children) yield* within(toValueSync(template.children(false, true)))
  }
}

/** Paths such as `data.order.number` in the arguments of a tag. */
const PATHS = /[\w.-]+/g

const lineOf = ({ token }: Template): number => token.getPosition()[0] ?? 1

/** The path of a plain property, such as `data.order.number`; undefined for anything else. */
const shownBy = (template: Template): Shown | undefined => {
  if (!(template instanceof Output)) return undefined
  const { initial, filters } = template.value
  const [token, ...others] = initial.postfix
  if (!token || others.length > 0 || !TypeGuards.isPropertyAccessToken(token)) return undefined
  const name = token.getText()
  const hasDefault = filters.some(({ name }) => name === 'default')
  return { path: name.split('.'), name, line: lineOf(template), hasDefault }
}

/** Maximum characters of templates with cached analyses. A check and its warnings need each several times. */
const KEPT_MAX = 2_000_000
const kept = new LRUCache<string, Analysis>({
  maxSize: KEPT_MAX,
  sizeCalculation: (_, source) => source.length + 1,
})

/** Analyses a template that parses. */
export const analyze = (source: string): Analysis => {
  const known = kept.get(source)
  if (known) return known
  const made = analyzed(source)
  kept.set(source, made)
  return made
}

const analyzed = (source: string): Analysis => {
  const templates = liquid.parse(source)
  const all = [...within(templates)]
  const asked = new Set(
    all.flatMap(({ token }) => (TypeGuards.isTagToken(token) ? (token.args.match(PATHS) ?? []) : [])),
  )
  const { globals } = liquid.analyzeSync(templates, { partials: false })
  return {
    variables: Object.entries(globals).map(([name, [first]]) => ({
      name,
      line: first?.location.row ?? 1,
      column: first?.location.col,
    })),
    partials: all.flatMap((template) => {
      const name = template.partialScope?.()?.name
      const [line = 1, column] = template.token.getPosition()
      return name === undefined ? [] : [{ name, line, column }]
    }),
    shown: all.flatMap((template) => {
      const shown = shownBy(template)
      return shown && !asked.has(shown.name) ? [shown] : []
    }),
  }
}

/** Returns whether all words of a template come from its messages, so that its language is theirs. */
export const isMadeOfMessages = (source: string): boolean =>
  /\|\s*t\b/.test(source) &&
  !new Tokenizer(source)
    .readTopLevelTokens()
    .some((token) => TypeGuards.isHTMLToken(token) && /\p{L}/u.test(token.getText()))
