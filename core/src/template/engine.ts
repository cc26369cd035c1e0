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
import { RECIPIENT, type Recipient } from './recipient.ts'
import { TemplateError } from './template-error.ts'

/** Where a template's output goes, which decides how values are escaped. */
export type Medium = 'text' | 'html' | 'url'

/** HTML that is not escaped again: the content within a layout. */
export class SafeHtml {
  readonly html: string
  constructor(html: string) {
    this.html = html
  }
}

/** A value that a template needs and does not have. */
type Missing = { name: string; line: number }
type Rendered = { text: string; missing: readonly Missing[] }

/** A parsed template. Throws `TemplateError` if rendering fails or a limit is reached. */
export type Prepared = (scope: Readonly<Record<string, unknown>>, recipient: Recipient) => Rendered

const TEMPLATE_MAX = 65_536
export const OUTPUT_MAX = 262_144
/** Elapsed time: on a busy machine, a first rendering that loads locale data has taken 600 ms. */
const RENDER_MS = 1_000
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

/** Tags that read files, or keep state between renderings. */
const REMOVED = ['layout', 'block', 'include', 'increment', 'decrement', 'cycle', 'tablerow', 'liquid']

const textOf = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const MISSING = Symbol('missing')
type Globals = Record<symbol, unknown>

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
    const missing = (context.globals as Globals)[MISSING] as Missing[]
    missing.push({ name, line: line ?? 1 })
  }

  #escaped(value: unknown): string {
    if (value instanceof SafeHtml) return value.html
    const text = textOf(value)
    if (this.#medium === 'html') return escapeHtml(text)
    return this.#medium === 'url' && !this.#first ? encodeURIComponent(text) : text
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

const lineOf = (error: unknown): number | undefined => {
  if (error instanceof TemplateError) return error.line
  if (!LiquidError.is(error)) return undefined
  return lineOf(error.originalError) ?? error.token?.getPosition?.()[0]
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
      // Errors about filters know no place of their own.
      throw new TemplateError(messageOf(error), lineOf(error) ?? token.getPosition()[0] ?? 1, {
        cause: error,
      })
    }
  }
}

class Engine extends Liquid {
  readonly medium: Medium
  readonly #partials: ReadonlyMap<string, string>
  readonly #parsed = new Map<string, Template[]>()
  constructor(medium: Medium, partials: ReadonlyMap<string, string>) {
    super(ENGINE_OPTIONS)
    this.medium = medium
    this.#partials = partials
    for (const name of REMOVED) delete this.tags[name]
    for (const [name, filter] of Object.entries(FILTERS)) this.registerFilter(name, filter)
  }

  /** Parses a template. Refuses what Liquid would ignore, such as the rest of `{% if data.amount > 100 nonsense %}`. */
  override parse(source: string): Template[] {
    const tokens = new Tokenizer(source, this.options.operators).readTopLevelTokens(this.options)
    const found = [...tokens]
    const templates = new MediumParser(this).parseTokens(tokens)
    for (const token of found) {
      const fault = ignoredPart(token)
      if (fault !== undefined) throw new TemplateError(fault, token.getPosition()[0] ?? 1)
    }
    return templates
  }

  // biome-ignore lint/correctness/useYield: Liquid's signature; nothing has to be waited for
  override *_parsePartialFile(name: string): Generator<unknown, Template[], Template[]> {
    const known = this.#parsed.get(name)
    if (known) return known
    const source = this.#partials.get(name)
    if (source === undefined) throw new RangeError(`there is no partial ${JSON.stringify(name)}`)
    const parsed = this.parse(source)
    this.#parsed.set(name, parsed)
    return parsed
  }
}

/** Writes up to OUTPUT_MAX characters. */
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
  return new TemplateError(messageOf(error), lineOf(error) ?? 1, { cause: error })
}

/**
 * Returns a function that parses Liquid templates (https://liquidjs.com) for one medium. Only own properties of JSON values
 * are visible. Parsing throws `TemplateError`, with the line, for wrong syntax, unknown tags and filters, and what Liquid
 * would ignore.
 */
export const createEngine = (medium: Medium, partials: ReadonlyMap<string, string> = new Map()) => {
  const engine = new Engine(medium, partials)
  return (source: string): Prepared => {
    let templates: Template[]
    try {
      templates = engine.parse(source)
    } catch (error) {
      throw toTemplateError(error)
    }
    return (scope, recipient) => {
      const missing: Missing[] = []
      const globals = { [RECIPIENT]: recipient, [MISSING]: missing }
      const emitter = boundedEmitter()
      try {
        const context = new Context(scope, engine.options, { sync: true, globals })
        toValueSync(engine.renderer.renderTemplates(templates, context, emitter))
      } catch (error) {
        throw toTemplateError(error)
      }
      return { text: emitter.buffer, missing }
    }
  }
}
