import {
  Context,
  type Emitter,
  Liquid,
  LiquidError,
  Output,
  Parser,
  type Template,
  Tokenizer,
  TypeGuards,
  toValueSync,
} from 'liquidjs'
import { escapeHtml } from './escape-html.ts'
import { FILTERS, MissingValue } from './filters.ts'
import { ignoredPart } from './ignored.ts'
import { type FindPartial, NO_PARTIALS } from './partials.ts'
import { RECIPIENT, type Recipient } from './recipient.ts'
import { BASE, type Globals, MISSING, type Missing } from './render-state.ts'
import { type ParsedPartial, type PartialHost, RenderTag } from './render-tag.ts'
import { TemplateError } from './template-error.ts'
import './token-positions.ts'

/** Where a template's output goes, which decides how values are escaped. */
export type Medium = 'text' | 'html' | 'url'

/** HTML that is not escaped again: the content within a layout. */
export class SafeHtml {
  readonly html: string
  constructor(html: string) {
    this.html = html
  }
}

/** The remaining memory and time for the templates of one text. A layout shares them with its content. */
export type Budget = Pick<Context, 'memoryLimit' | 'renderLimit'>

type Rendered = { text: string; missing: readonly Missing[] }

/** A parsed template. Throws `TemplateError` if rendering fails or a limit is reached. */
export type Prepared = (
  scope: Readonly<Record<string, unknown>>,
  recipient: Recipient,
  budget?: Partial<Budget>,
) => Rendered

const TEMPLATE_MAX = 65_536
export const OUTPUT_MAX = 262_144
/** Elapsed time: on a busy machine, a first rendering that loads locale data has taken 600 ms. */
export const RENDER_MS = 1_000
/** In units of Liquid: characters and list entries that filters and loops produce. */
const MEMORY_MAX = 1_000_000

export const ENGINE_OPTIONS = {
  ownPropertyOnly: true,
  strictFilters: true,
  strictVariables: false,
  jsTruthy: false,
  parseLimit: TEMPLATE_MAX,
  renderLimit: RENDER_MS,
  memoryLimit: MEMORY_MAX,
}

const { options: OPTIONS } = new Liquid(ENGINE_OPTIONS)
/** A time limit that several texts share. It starts when it is created. */
export type SharedTime = Budget['renderLimit']
export const timeFor = (ms: number): SharedTime =>
  new Context({}, OPTIONS, { renderLimit: ms, sync: true }).renderLimit

/** Returns a budget for the templates of one text. Its time is RENDER_MS from now, or the rest of `time`. */
export const newBudget = (time?: SharedTime): Budget => {
  const { memoryLimit, renderLimit } = new Context({}, OPTIONS)
  return { memoryLimit, renderLimit: time ?? renderLimit }
}

/** Tags that read files, or keep state between renderings. */
const REMOVED = ['layout', 'block', 'include', 'increment', 'decrement', 'cycle', 'tablerow', 'liquid']

const textOf = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Escapes a value for its medium. `first`: it is at the beginning of a URL, so it is not encoded. */
const escapedFor = (medium: Medium, text: string, first: boolean): string => {
  if (medium === 'html') return escapeHtml(text)
  return medium === 'url' && !first ? encodeURIComponent(text) : text
}

/** Links that may be absent without a fault, because types with and without them share a layout. */
const MAY_BE_ABSENT = /^(?:unsubscribe|preferences)_url\b/

/** An output that notes missing values and escapes for its medium. */
class MediumOutput extends Output {
  readonly #medium: Medium
  /** Whether the output is at the very beginning: a URL that begins with a value is that value. */
  readonly #first: boolean
  constructor(token: ConstructorParameters<typeof Output>[0], engine: Engine) {
    super(token, engine)
    this.#medium = engine.medium
    this.#first = token.begin === 0
  }

  #note(context: Context) {
    const [line] = this.token.getPosition()
    const name = this.token
      .getText()
      .replace(/^\{\{-?|-?\}\}$/g, '')
      .trim()
    if (MAY_BE_ABSENT.test(name)) return
    const globals = context.globals as Globals
    globals[MISSING].push({ name, line: line ?? 1 })
  }

  #escaped(value: unknown): string {
    if (value instanceof SafeHtml) return value.html
    return escapedFor(this.#medium, textOf(value), this.#first)
  }

  override *render(context: Context, emitter: Emitter): IterableIterator<unknown> {
    const { initial, filters } = this.value
    let value: unknown
    try {
      const start = yield initial.evaluate(context, true)
      value = start
      for (const filter of filters) value = yield filter.render(value, context)
      const none = start === undefined || start === null
      if (none && (value === undefined || value === null || value === '')) this.#note(context)
    } catch (error) {
      if (!(error instanceof MissingValue)) throw error
      this.#note(context)
      value = undefined
    }
    const text = this.#escaped(value)
    context.memoryLimit.use(text.length)
    emitter.write(text)
  }
}

/** Returns the line and column of an error. */
const placeOf = (error: unknown): [line: number, column?: number] | undefined => {
  if (error instanceof TemplateError) return [error.line, error.column]
  if (!LiquidError.is(error)) return undefined
  const position = error.token?.getPosition?.()
  return placeOf(error.originalError) ?? (position && [position[0] ?? 1, position[1]])
}

const messageOf = (error: unknown): string => {
  if (LiquidError.is(error) && error.originalError) return messageOf(error.originalError)
  return error instanceof Error ? (error.message.split(/, line:|\n/)[0] ?? '') : String(error)
}

class MediumParser extends Parser {
  readonly #engine: Engine
  constructor(engine: Engine) {
    super(engine)
    this.#engine = engine
  }

  override parseToken(...[token, rest]: Parameters<Parser['parseToken']>): ReturnType<Parser['parseToken']> {
    try {
      return TypeGuards.isOutputToken(token)
        ? new MediumOutput(token, this.#engine)
        : super.parseToken(token, rest)
    } catch (error) {
      // Errors about filters have no position.
      const [line, column] = placeOf(error) ?? token.getPosition()
      throw new TemplateError(messageOf(error), line ?? 1, { cause: error, column })
    }
  }
}

/** Returns an emitter that throws `RangeError` after OUTPUT_MAX characters. */
const boundedEmitter = (): Emitter & { buffer: string } => ({
  buffer: '',
  write(html: unknown) {
    this.buffer += String(html)
    if (this.buffer.length > OUTPUT_MAX)
      throw new RangeError(`the output is longer than ${OUTPUT_MAX} characters`)
  },
})

const toTemplateError = (error: unknown): TemplateError => {
  if (error instanceof TemplateError) return error
  const [line, column] = placeOf(error) ?? [1]
  return new TemplateError(messageOf(error), line, { cause: error, column })
}

class Engine extends Liquid implements PartialHost {
  readonly medium: Medium
  readonly #partials: FindPartial
  readonly #parsed = new Map<string, ParsedPartial>()
  #text: Engine | undefined
  constructor(medium: Medium, partials: FindPartial) {
    super(ENGINE_OPTIONS)
    this.medium = medium
    this.#partials = partials
    for (const name of REMOVED) delete this.tags[name]
    this.registerTag('render', RenderTag)
    for (const [name, filter] of Object.entries(FILTERS)) this.registerFilter(name, filter)
  }

  /** Parses a template. Refuses what Liquid would ignore, such as the rest of `{% if data.amount > 100 nonsense %}`. */
  override parse(source: string): Template[] {
    const tokens = new Tokenizer(source, this.options.operators).readTopLevelTokens(this.options)
    const found = [...tokens]
    const templates = new MediumParser(this).parseTokens(tokens)
    for (const token of found) {
      const fault = ignoredPart(token)
      const [line = 1, column] = token.getPosition()
      if (fault !== undefined) throw new TemplateError(fault, line, { column })
    }
    return templates
  }

  /** Parses a partial, once for each language. The output of a plain text partial is escaped for the surrounding template. */
  partial(key: string, locale: string): ParsedPartial {
    const found = this.#partials(key, locale)
    if (!found) throw new RangeError(`there is no partial ${key}`)
    const { medium, source, messages } = found
    if (medium === 'html' && this.medium !== 'html')
      throw new RangeError(`the partial ${key} is HTML, which only HTML templates can render`)
    const name = `${medium}\n${source}`
    const known = this.#parsed.get(name)
    if (known) return { ...known, messages }
    this.#text ??= this.medium === 'text' ? this : new Engine('text', this.#partials)
    const engine = medium === 'html' ? this : this.#text
    const parsed = {
      templates: engine.parse(source),
      size: source.length,
      messages,
      embed:
        medium === 'html' ? (html: string) => html : (text: string) => escapedFor(this.medium, text, false),
    }
    this.#parsed.set(name, parsed)
    return parsed
  }

  readonly emitter = boundedEmitter
  readonly toTemplateError = toTemplateError
}

/**
 * Returns a function that parses Liquid templates (https://liquidjs.com) for one medium. Only own properties of JSON values
 * are visible. Parsing throws `TemplateError`, with the line, for wrong syntax, unknown tags and filters, and what Liquid
 * would ignore.
 */
export const createEngine = (medium: Medium, partials: FindPartial = NO_PARTIALS) => {
  const engine = new Engine(medium, partials)
  return (source: string): Prepared => {
    let templates: Template[]
    try {
      templates = engine.parse(source)
    } catch (error) {
      throw toTemplateError(error)
    }
    return (scope, recipient, budget) => {
      const missing: Missing[] = []
      const globals: Globals = { [RECIPIENT]: recipient, [MISSING]: missing, [BASE]: scope }
      const emitter = boundedEmitter()
      const context = new Context(scope, engine.options, { sync: true, globals }, budget)
      try {
        toValueSync(engine.renderer.renderTemplates(templates, context, emitter))
      } catch (error) {
        throw toTemplateError(error)
      }
      return { text: emitter.buffer, missing }
    }
  }
}
