import {
  Context,
  type Emitter,
  evalQuotedToken,
  Hash,
  type Liquid,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs'
import { RECIPIENT, type Recipient } from './recipient.ts'
import { BASE, DEPTH, type Globals, MISSING, type Missing } from './render-state.ts'
import { TemplateError } from './template-error.ts'

/** A parsed partial. `embed` escapes its output for the surrounding template. */
export type ParsedPartial = {
  templates: Template[]
  /** Characters of its template, which count against the memory limit each time it is rendered. */
  size: number
  messages: Recipient['messages']
  embed(text: string): string
}

/** The engine, as the tag uses it. */
export interface PartialHost extends Liquid {
  partial(key: string, locale: string): ParsedPartial
  emitter(): Emitter & { buffer: string }
  toTemplateError(error: unknown): TemplateError
}

const IN_PARTIAL = 'in the partial'
/** Maximum depth of nested partials. Cycles are rejected when a partial is written; this limit is a second defense. */
const DEPTH_MAX = 20

/**
 * `{% render 'key', name: value %}` renders a partial of the library. The partial sees the variables of every template and
 * its arguments, but not the variables that the surrounding template assigns. The key is a literal, so that it can be checked
 * when the template is written. The partial shares the time and memory limits of the surrounding template.
 */
export class RenderTag extends Tag {
  readonly key: string
  readonly #arguments: Hash
  constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
    super(token, rest, liquid)
    const quoted = this.tokenizer.readQuoted()
    const key = quoted && evalQuotedToken(quoted)
    if (!key || key.includes('{'))
      throw new Error(`render takes the key of a partial in quotes: ${token.getText()}`)
    this.key = key
    this.#arguments = new Hash(this.tokenizer)
  }

  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const host = this.liquid as PartialHost
    const globals = context.globals as Globals
    const { [RECIPIENT]: recipient, [BASE]: base, [DEPTH]: depth = 0 } = globals
    if (depth >= DEPTH_MAX) throw new RangeError(`partials are nested deeper than ${DEPTH_MAX}`)
    const { templates, size, messages, embed } = host.partial(this.key, recipient.locale)
    context.memoryLimit.use(size + 1)
    const given = (yield this.#arguments.render(context)) as Record<string, unknown>
    const missing: Missing[] = []
    const within = new Context(
      { ...base, ...given },
      context.opts,
      {
        sync: true,
        globals: {
          ...globals,
          [RECIPIENT]: { ...recipient, messages: [...messages, ...recipient.messages] },
          [MISSING]: missing,
          [DEPTH]: depth + 1,
        },
      },
      { memoryLimit: context.memoryLimit, renderLimit: context.renderLimit },
    )
    const own = host.emitter()
    try {
      yield host.renderer.renderTemplates(templates, within, own)
    } catch (error) {
      const { message, line } = host.toTemplateError(error)
      // The error occurred in the innermost partial, so that one is named.
      const told = message.startsWith(IN_PARTIAL)
        ? message
        : `${IN_PARTIAL} ${this.key}, line ${line}: ${message}`
      throw new TemplateError(told, this.token.getPosition()[0] ?? 1)
    }
    for (const { name } of missing)
      globals[MISSING].push({
        name: `${name} in the partial ${this.key}`,
        line: this.token.getPosition()[0] ?? 1,
      })
    emitter.write(embed(own.buffer))
  }
}
