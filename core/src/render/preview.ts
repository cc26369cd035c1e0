import type { Channel, DeliveryChannel, LocalePreview, NotificationTypeInput } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import { appUrlOf } from '../notification/links.ts'
import type { KnownUser } from '../store/ports/users.ts'
import { type SharedTime, timeFor } from '../template/engine.ts'
import { localeOf, type Templated } from '../template/languages.ts'
import { type Links, scopeOf } from '../template/scope.ts'
import {
  prepareTemplates,
  type References,
  type TemplateFault,
  type TemplateOptions,
} from '../template/type-templates.ts'
import { viewerOf } from '../template/viewer.ts'
import { renderedItem } from './item.ts'
import { itemContent } from './item-content.ts'
import { messageOf } from './message.ts'
import { shownContent, shownOn } from './shown.ts'

/** Time limit for all templates of a preview, in ms. */
const PREVIEW_MS = 2_000

/** Returns a time limit that the previews of one request share. */
export const previewTime = (): SharedTime => timeFor(PREVIEW_MS)

/** For whom, and with what, a type is previewed. `locale` comes before that of the profile. */
export type PreviewParts = {
  locale?: string | undefined
  variant?: string | undefined
  data?: Record<string, unknown> | undefined
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
  type: Templated & Pick<NotificationTypeInput, 'sample' | 'name'>,
  {
    locale,
    variant,
    data = type.sample ?? {},
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
  const scope = scopeOf({ data: data as never }, user, place, links)
  const appUrl = appUrlOf(place, { appUrl: options.appUrl })
  const faults: LocalePreview['faults'] = []
  const found = (channel: DeliveryChannel, some: readonly TemplateFault[]) =>
    faults.push(...some.map((fault) => ({ channel, ...fault })))
  const message = <On extends Channel>(channel: On) => {
    const parts = { type: type.key, content: {}, templates, scope, viewer: reader, appUrl }
    const made = messageOf(channel, { ...parts, settings: place.settings })
    found(channel, made.faults)
    const { content, texts, brand } = made
    return shownOn(channel, {
      type: type.key,
      content: { ...itemContent(content, appUrl), ...texts, ...(brand && { brand }) },
      unsubscribeUrl: links?.unsubscribe,
    })
  }
  const item = () => {
    const made = renderedItem({}, { templates, scope, viewer: reader, name: type.name })
    found('inbox', made.faults)
    return shownContent({ ...made.content, ...made.language })
  }
  return {
    locale: reader.locale ?? localeOf(type),
    timezone: reader.timezone,
    inbox: item(),
    push: message('push'),
    webhook: message('webhook'),
    email: message('email'),
    sms: message('sms'),
    mms: message('mms'),
    whatsapp: message('whatsapp'),
    slack: message('slack'),
    teams: message('teams'),
    discord: message('discord'),
    telegram: message('telegram'),
    faults,
  }
}
