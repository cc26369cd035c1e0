import { type Action, cleanText, cut, type DeliveryChannel, GROUP_KEY_MAX, readLink } from '@carillon/schemas'
import type { Library } from '../store/ports/library.ts'
import { analyze, isMadeOfMessages } from './analysis.ts'
import { createEngine, type Medium, newBudget, type Prepared, type SharedTime } from './engine.ts'
import { actionsOf, type Fields, type Found, type FoundAction, fieldsOf, layoutOf, linkOf } from './fields.ts'
import {
  groupTemplateOf,
  type Language,
  languagesOf,
  layersOf,
  localeOf,
  type Templated,
} from './languages.ts'
import { DEFAULT_LAYOUT, type Frame, frameOf } from './layouts.ts'
import { chainOf, directionOf } from './locale-chain.ts'
import { findPartialIn } from './partials.ts'
import { pausedWhenSlow } from './paused-when-slow.ts'
import type { Recipient } from './recipient.ts'
import { withPartials } from './references.ts'
import type { Scope } from './scope.ts'
import { TemplateError } from './template-error.ts'

const TITLE_MAX = 512
const BODY_MAX = 16_384
const LABEL_MAX = 128

/** The locale and time zone in which texts are rendered, and the current time. */
export type Viewer = {
  /** The person's locale; the type's own if absent. */
  locale?: string | undefined
  timezone: string
  /** Epoch ms, for relative times. */
  now: number
  /** A time limit shared with other renderings. If absent, each text may take RENDER_MS. */
  time?: SharedTime
}

/**
 * The texts of a type for one user in one channel. A field that the type omits is absent; one that could not be rendered
 * is empty. `subject`, `html` and `text` replace title and body.
 */
export type Texts = Partial<
  Record<'title' | 'body' | 'url' | 'image' | 'subject' | 'html' | 'text', string>
> & {
  actions?: Action[]
  /** The language and direction of the chosen texts. */
  lang?: string
  dir?: 'ltr' | 'rtl'
}

/** A template that failed, or lacks a value (`name`). `pointer` is the template's JSON Pointer in the type. */
export type TemplateFault = { pointer: string; line: number; message: string; name?: string }

/** `frame`: the layout of the e-mail. */
export type RenderedTexts = { texts: Texts; faults: TemplateFault[]; frame?: Frame }

export type TypeTemplates = {
  /** Whether items differ between people of one locale and time zone, because their templates use `user`. */
  readonly personal: boolean
  /** Whether a template, layout or partial may use the unsubscribe or preferences link. */
  readonly linked: boolean
  /** `given` are literal texts that replace those of the type, which are then not rendered. */
  render(channel: DeliveryChannel, scope: Scope, viewer: Viewer, given?: Texts): RenderedTexts
  /** Renders the key of an item's group. There is none if the template fails, lacks a value or makes a key that is too long. */
  group(scope: Scope, viewer: Viewer): { key?: string; faults: TemplateFault[] }
}

export type TemplateOptions = {
  /** Whether http:// links are rendered. */
  insecureLinks: 'refuse' | 'accept'
}

/** The parts of the library that templates of a type may use, at the revision under which the notification was accepted. */
export type References = Pick<Library, 'layouts' | 'partials' | 'env'>

export const NO_REFERENCES: References = { layouts: new Map(), partials: new Map(), env: {} }

const LINKS = /(?:unsubscribe|preferences)_url/

/** Channels whose messages show no picture, or no buttons: a template for them must not fail the message. */
const WITHOUT_IMAGE: ReadonlySet<DeliveryChannel> = new Set(['sms', 'whatsapp'])
const WITHOUT_ACTIONS: ReadonlySet<DeliveryChannel> = new Set(['sms', 'mms', 'whatsapp'])

const oneLine = (text: string, max: number) =>
  cut(
    cleanText(text)
      .split(/[\r\n]/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join(' '),
    max,
  )
const paragraphs = (text: string) => cut(cleanText(text).trim(), BODY_MAX)

/** Parses templates on first use and caches the result, because many templates of a type are never used. */
const createParsed = (partials: Library['partials']) => {
  const find = findPartialIn(partials)
  const parsers: Record<Medium, (source: string) => Prepared> = {
    text: createEngine('text', find),
    html: createEngine('html', find),
    url: createEngine('url', find),
  }
  const kept = new Map<string, Prepared | TemplateError>()
  return (source: string, medium: Medium): Prepared => {
    const place = `${medium}\n${source}`
    let prepared = kept.get(place)
    if (!prepared) {
      try {
        prepared = pausedWhenSlow(parsers[medium](source))
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error
        prepared = error
      }
      kept.set(place, prepared)
    }
    if (prepared instanceof TemplateError) throw prepared
    return prepared
  }
}

/** Renders single templates for one user, and collects the faults. */
const createRendering = (
  parsed: ReturnType<typeof createParsed>,
  parts: { scope: Scope; recipient: Recipient; options: TemplateOptions; time: SharedTime | undefined },
) => {
  const { scope, recipient, options, time } = parts
  const faults: TemplateFault[] = []

  const budget = newBudget(time)
  const render = ({ pointer, source }: Found, medium: Medium): { text: string; whole: boolean } => {
    try {
      const { text, missing } = parsed(source, medium)(
        scope,
        recipient,
        medium === 'html' ? budget : time && { renderLimit: time },
      )
      for (const { name, line } of missing)
        faults.push({ pointer, line, name, message: `${name} has no value` })
      return { text, whole: missing.length === 0 }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      faults.push({ pointer, line: error.line, message: error.message })
      return { text: '', whole: false }
    }
  }

  /** Omits a link that lacks a value or is not allowed. */
  const link = (found: Found): string => {
    const { text, whole } = render(found, 'url')
    if (!whole || text.trim() === '') return ''
    const read = readLink(text)
    const message =
      'fault' in read
        ? read.fault
        : options.insecureLinks === 'refuse' && read.href.startsWith('http:')
          ? 'must be https'
          : undefined
    if (message === undefined) return (read as { href: string }).href
    faults.push({ pointer: found.pointer, line: 1, message: `the link ${message}` })
    return ''
  }

  const action = ({ name, primary, label, url }: FoundAction): Action[] => {
    const said = oneLine(render(label, 'text').text, LABEL_MAX)
    const href = url && link(url)
    if (said === '' || href === '') return []
    return [
      {
        name,
        label: said,
        ...(href === undefined ? {} : { url: href }),
        ...(primary === undefined ? {} : { primary }),
      },
    ]
  }

  return {
    faults,
    budget,
    line: (found: Found) => oneLine(render(found, 'text').text, TITLE_MAX),
    group: (found: Found): string => {
      const { text, whole } = render(found, 'text')
      const key = cleanText(text).trim()
      if (key.length <= GROUP_KEY_MAX) return whole ? key : ''
      faults.push({
        pointer: found.pointer,
        line: 1,
        message: `the key is longer than ${GROUP_KEY_MAX} UTF-16 code units`,
      })
      return ''
    },
    paragraphs: (found: Found) => paragraphs(render(found, 'text').text),
    html: (found: Found) => render(found, 'html').text.toWellFormed().trim(),
    link,
    actions: (found: readonly FoundAction[]) => found.flatMap(action),
  }
}

/** Omits templates that literal texts replace. Outside of e-mails, `text` replaces the whole content. */
const without = (fields: Fields, given: Texts, channel: DeliveryChannel): Fields => {
  if (given.text !== undefined && channel !== 'email') return {}
  const left = Object.entries(fields).filter(([field]) => given[field as keyof Fields] === undefined)
  return Object.fromEntries(left)
}

/** The language of a message is that of its first line. */
const languageOf = (
  { subject, title, text, html, body }: Fields,
  messages: Recipient['messages'],
): Pick<Texts, 'lang' | 'dir'> => {
  const first = subject ?? title ?? text ?? html ?? body
  if (!first) return {}
  const lang = (isMadeOfMessages(first.source) ? messages[0]?.locale : undefined) ?? first.locale
  return { lang, dir: directionOf(lang) }
}

const usesUser = (source: string): boolean => {
  try {
    return analyze(source).variables.some(({ name }) => name === 'user')
  } catch {
    // It does not parse, so the text is empty for every user.
    return false
  }
}

const isPersonal = (language: Language, partials: Library['partials']): boolean => {
  const own = layersOf(language).flatMap(({ content }) => {
    const { actions = [], ...texts } = content ?? {}
    return [...Object.values(texts), ...actions.flatMap(({ label, url }) => [label, url])].filter(
      (source) => source !== undefined,
    )
  })
  return withPartials(own, partials).some(usesUser)
}

/** Returns the layout that a type names, else the tenant's default layout, if any. A missing layout is a fault. */
const framing = (
  chain: readonly Language[],
  layouts: Library['layouts'],
  parts: {
    parsed: ReturnType<typeof createParsed>
    scope: Scope
    recipient: Recipient
    rendering: ReturnType<typeof createRendering>
  },
): { frame?: Frame } => {
  const { parsed, scope, recipient, rendering } = parts
  const named = layoutOf(chain)
  const layout = layouts.get(named?.source ?? DEFAULT_LAYOUT)
  if (layout) return { frame: frameOf(layout, { parsed, scope, recipient, budget: rendering.budget }) }
  if (!named) return {}
  const { pointer, source } = named
  rendering.faults.push({ pointer, line: 1, message: `there is no layout ${source}` })
  return {}
}

/**
 * Prepares the texts of a type. Rendering never throws for a template: a text that could not be rendered is empty, and `faults`
 * has the reasons. Pure: the same scope and viewer give the same texts.
 */
export const prepareTemplates = (
  type: Templated,
  options: TemplateOptions,
  { layouts, partials, env }: References = NO_REFERENCES,
  variant?: string,
): TypeTemplates => {
  const languages = languagesOf(type, variant)
  const own = localeOf(type)
  const parsed = createParsed(partials)
  const key = groupTemplateOf(type)
  const recipientOf = ({ locale, timezone, now }: Viewer, messages: Recipient['messages']) => ({
    ...{ locale: locale ?? own, timezone, now, messages },
  })
  return {
    personal:
      languages.some((language) => isPersonal(language, partials)) ||
      (key !== undefined && withPartials([key.source], partials).some(usesUser)),
    linked: [languages, ...layouts.values(), ...partials.values()].some((each) =>
      LINKS.test(JSON.stringify(each)),
    ),
    group: (seen, viewer) => {
      if (!key) return { faults: [] }
      const parts = {
        scope: { ...seen, env },
        recipient: recipientOf(viewer, []),
        options,
        time: viewer.time,
      }
      const rendering = createRendering(parsed, parts)
      const made = rendering.group({ ...key, locale: own })
      return { ...(made === '' ? {} : { key: made }), faults: rendering.faults }
    },
    render: (channel, seen, viewer, given = {}) => {
      const { locale, time } = viewer
      const chain = chainOf(languages, locale, own)
      const messages = chain.flatMap((language) =>
        layersOf(language).flatMap(({ messages }) =>
          messages ? [{ locale: language.locale, messages }] : [],
        ),
      )
      const recipient = recipientOf(viewer, messages)
      const scope = { ...seen, env }
      const rendering = createRendering(parsed, { scope, recipient, options, time })
      const fields = without(fieldsOf(chain, channel), given, channel)
      const texts: Texts = { ...languageOf(fields, messages), ...given }
      const { subject, title, body, html, text } = fields
      if (subject) texts.subject = rendering.line(subject)
      // HTML replaces the whole message.
      if (title && !html) texts.title = rendering.line(title)
      if (body && !html) texts.body = rendering.paragraphs(body)
      if (html) texts.html = rendering.html(html)
      if (text) texts.text = rendering.paragraphs(text)
      const frame =
        channel === 'email' ? framing(chain, layouts, { parsed, scope, recipient, rendering }) : {}
      if (html) return { texts, faults: rendering.faults, ...frame }
      const url = given.url === undefined ? linkOf(chain, 'url') : undefined
      const hasImage = given.image === undefined && !WITHOUT_IMAGE.has(channel)
      const image = hasImage ? linkOf(chain, 'image') : undefined
      const actions = WITHOUT_ACTIONS.has(channel) ? undefined : actionsOf(chain)
      if (url) texts.url = rendering.link(url)
      if (image) texts.image = rendering.link(image)
      if (actions) texts.actions = rendering.actions(actions)
      return { texts, faults: rendering.faults, ...frame }
    },
  }
}
