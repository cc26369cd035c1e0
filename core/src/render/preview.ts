import type { DeliveryChannel, ItemContent, LocalePreview, NotificationTypeInput } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import { appUrlOf } from '../notification/links.ts'
import type { KnownUser } from '../store/ports/users.ts'
import { type SharedTime, timeFor } from '../template/engine.ts'
import { filled } from '../template/filled.ts'
import { localeOf, type Templated } from '../template/languages.ts'
import { type Links, scopeOf } from '../template/scope.ts'
import {
  prepareTemplates,
  type References,
  type TemplateOptions,
  type Texts,
} from '../template/type-templates.ts'
import { viewerOf } from '../template/viewer.ts'
import { brandOf } from './brand.ts'
import { renderEmail } from './email.ts'
import { framed } from './framed.ts'
import { itemContent } from './item-content.ts'
import { spoken } from './spoken.ts'
import { plainText, smsText } from './text.ts'

const TEXT_MAX = 4_096
const SMS_MAX = 1_600
/** Time limit for all templates of a preview, in ms. */
const PREVIEW_MS = 2_000

/** Returns a time limit that the previews of one request share. */
export const previewTime = (): SharedTime => timeFor(PREVIEW_MS)

const languageOf = ({ lang, dir }: Texts) => ({ ...(lang && { lang }), ...(dir && { dir }) })

/** For whom, and with what, a type is previewed. `locale` comes before that of the profile. */
export type PreviewParts = {
  locale?: string | undefined
  variant?: string | undefined
  data?: Record<string, unknown> | undefined
  /** The content of the notification itself. A preview of a type has none. */
  content?: Partial<ItemContent> | undefined
  user?: KnownUser | undefined
  place: InContext
  /** Sample links, which act for nobody. */
  links?: Links | undefined
  now: number
  /** Shared with other previews. */
  time?: SharedTime
}

const NOBODY = { id: '', profile: {} }

/** Returns the locales in which a type has texts. */
export const localesOf = (type: Pick<NotificationTypeInput, 'locale' | 'locales' | 'variants'>): string[] => [
  ...new Set([
    localeOf(type),
    ...[type, ...(type.variants ?? [])].flatMap(({ locales = {} }) => Object.keys(locales)),
  ]),
]

/** Renders a type for every channel, as the dispatcher would. What is missing is told, and does not stop anything. */
export const previewOf = (
  type: Templated & Pick<NotificationTypeInput, 'sample'>,
  {
    locale,
    variant,
    data = type.sample ?? {},
    content: inline = {},
    user = NOBODY,
    place,
    links,
    now,
    time = previewTime(),
  }: PreviewParts,
  options: TemplateOptions & { appUrl?: string | undefined },
  references?: References,
): LocalePreview => {
  const templates = prepareTemplates(type, options, references, variant)
  const profile = { ...user.profile, ...(locale && { locale }) }
  const reader = { ...viewerOf({ ...user, profile }, place.settings, now), time }
  const scope = scopeOf({ ...inline, data: data as never }, user, place, links)
  const base = appUrlOf(place, { appUrl: options.appUrl })
  const faults: LocalePreview['faults'] = []
  const rendered = (channel: DeliveryChannel) => {
    const { texts, faults: found, frame } = templates.render(channel, scope, reader)
    faults.push(...found.map((fault) => ({ channel, ...fault })))
    return { texts, frame }
  }
  const message = (channel: DeliveryChannel) => {
    const { texts, frame } = rendered(channel)
    const said = spoken(inline, texts, channel === 'email')
    return { texts, frame, content: { ...itemContent(said.content, base), ...said.texts } }
  }
  const content = (channel: DeliveryChannel) => {
    const { title, body, url, image, actions, lang, dir } = message(channel).content
    return {
      ...(title && { title }),
      ...(body && { body }),
      ...(url && { url }),
      ...(image && { image }),
      ...(actions && { actions: [...actions] }),
      ...languageOf({ ...(lang && { lang }), ...(dir && { dir }) }),
    }
  }
  const text = (channel: DeliveryChannel) => {
    const { texts, content } = message(channel)
    const text = channel === 'sms' ? smsText(content, SMS_MAX) : plainText(content, { max: TEXT_MAX })
    return { text, ...languageOf(texts) }
  }
  const email = () => {
    const { texts, frame, content: said } = message('email')
    const brand = brandOf(place.settings)
    const mail = { type: type.key, content: { ...said, ...(brand && { brand }) } }
    const made = frame ? framed(mail, frame) : { content: mail.content, faults: [] }
    faults.push(...made.faults.map((fault) => ({ channel: 'email' as const, ...fault })))
    return {
      ...renderEmail({ ...mail, content: made.content, unsubscribeUrl: links?.unsubscribe }),
      ...languageOf(texts),
    }
  }
  const item = () => {
    const { subject: _subject, html: _html, text: _text, ...texts } = rendered('inbox').texts
    const { title, body, url, image, actions } = filled(inline, texts)
    const all = { ...texts, title, body, url, image, actions }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '' && value !== undefined))
  }
  return {
    locale: reader.locale ?? localeOf(type),
    timezone: reader.timezone,
    inbox: item(),
    push: content('push'),
    webhook: content('webhook'),
    email: email(),
    sms: text('sms'),
    mms: text('mms'),
    whatsapp: text('whatsapp'),
    slack: text('slack'),
    teams: text('teams'),
    discord: text('discord'),
    telegram: text('telegram'),
    faults,
  }
}
