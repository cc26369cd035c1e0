import type { Channel, DeliveryChannel, LocalePreview, NotificationTypeInput } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import { appUrlOf } from '../notification/links.ts'
import type { KnownUser } from '../store/ports/users.ts'
import type { SharedTime } from '../template/engine.ts'
import { localeOf, type Templated } from '../template/languages.ts'
import { localeAndZone } from '../template/locale-and-zone.ts'
import { type Links, scopeOf } from '../template/scope.ts'
import {
  prepareTemplates,
  type References,
  type TemplateFault,
  type TemplateOptions,
} from '../template/type-templates.ts'
import { renderedItem } from './item.ts'
import { itemContent } from './item-content.ts'
import { messageOf } from './message.ts'
import { previewContent, previewMessage } from './preview-message.ts'
import { createPreviewTime, type PreviewTime } from './preview-time.ts'

/** The input of a preview. `locale` takes precedence over that of the profile. */
export type PreviewParts = {
  locale?: string | undefined
  variant?: string | undefined
  data?: Record<string, unknown> | undefined
  user?: KnownUser | undefined
  tenancy: InContext
  /** Sample links, without a user. */
  links?: Links | undefined
  now: number
  /** Shared with other previews of a request. */
  time?: PreviewTime
}

const NOBODY = { id: '', profile: {} }

/** Returns the locales in which a type has texts. */
export const localesOf = (type: Pick<NotificationTypeInput, 'locale' | 'locales' | 'variants'>): string[] => [
  ...new Set([
    localeOf(type),
    ...[type, ...(type.variants ?? [])].flatMap(({ locales = {} }) => Object.keys(locales)),
  ]),
]

/**
 * Renders a type for every channel, as the dispatcher would. Missing values are reported as faults and do not stop it. Other
 * work of the process runs between the channels.
 */
export const previewOf = async (
  type: Templated & Pick<NotificationTypeInput, 'sample' | 'name'>,
  {
    locale,
    variant,
    data = type.sample ?? {},
    user = NOBODY,
    tenancy,
    links,
    now,
    time = createPreviewTime(),
  }: PreviewParts,
  options: TemplateOptions & { appUrl?: string | undefined },
  references?: References,
): Promise<LocalePreview> => {
  const templates = prepareTemplates(type, options, references, variant)
  const profile = { ...user.profile, ...(locale && { locale }) }
  const reader = localeAndZone({ ...user, profile }, tenancy.settings, now)
  const scope = scopeOf({ data: data as never }, user, tenancy, links)
  const appUrl = appUrlOf(tenancy, { appUrl: options.appUrl })
  const faults: LocalePreview['faults'] = []
  const within = async <Shown>(
    channel: DeliveryChannel,
    render: (limit: SharedTime) => { shown: Shown; faults: readonly TemplateFault[] },
  ): Promise<Shown> => {
    const { shown, faults: found } = await time(render)
    faults.push(...found.map((fault) => ({ channel, ...fault })))
    return shown
  }
  const message = <On extends Channel>(channel: On) =>
    within(channel, (limit) => {
      const viewer = { ...reader, time: limit }
      const parts = { type: type.key, content: {}, templates, scope, viewer, appUrl }
      const { content, texts, brand, faults } = messageOf(channel, { ...parts, settings: tenancy.settings })
      const shown = previewMessage(channel, {
        type: type.key,
        content: { ...itemContent(content, appUrl), ...texts, ...(brand && { brand }) },
        unsubscribeUrl: links?.unsubscribe,
      })
      return { shown, faults }
    })
  const item = () =>
    within('inbox', (limit) => {
      const viewer = { ...reader, time: limit }
      const { content, language, faults } = renderedItem({}, { templates, scope, viewer, name: type.name })
      return { shown: previewContent({ ...content, ...language }), faults }
    })
  return {
    locale: reader.locale ?? localeOf(type),
    timezone: reader.timezone,
    inbox: await item(),
    push: await message('push'),
    webhook: await message('webhook'),
    email: await message('email'),
    sms: await message('sms'),
    mms: await message('mms'),
    whatsapp: await message('whatsapp'),
    slack: await message('slack'),
    teams: await message('teams'),
    discord: await message('discord'),
    telegram: await message('telegram'),
    faults,
  }
}
