import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { hasCopies } from '@carillon/core/delivery/mail-copies'
import type { Step } from '@carillon/core/delivery/step'
import { appUrlOf, type LinkPolicy } from '@carillon/core/notification/links'
import { renderedItem } from '@carillon/core/render/item'
import { itemContent } from '@carillon/core/render/item-content'
import { previewContent, previewMessage } from '@carillon/core/render/preview-message'
import { createPreviewTime } from '@carillon/core/render/preview-time'
import { sampleLinks } from '@carillon/core/render/sample-links'
import { renderStep, type StepMessage } from '@carillon/core/render/step-message'
import type { Decision } from '@carillon/core/routing/decision'
import type { Planned } from '@carillon/core/routing/plan'
import { isOptional } from '@carillon/core/routing/preference'
import type { Simulated } from '@carillon/core/routing/simulate'
import { emptyText, stepFailure } from '@carillon/core/routing/template-failure'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import { localeOf } from '@carillon/core/template/languages'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import { createPreparedTypes } from '@carillon/core/template/prepared-types'
import { scopeOf } from '@carillon/core/template/scope'
import type { Channel, DryRun, InboxContent, LocalePreview } from '@carillon/schemas'
import { contentOfDraft, type Draft } from './dry-run-draft.ts'
import type { Facts } from './dry-run-facts.ts'
import { createMailAdditions, type MailAdditions } from './dry-run-mail.ts'

export type MessagePorts = {
  cache: Pick<SettingsCache, 'library' | 'revision'>
  store: Pick<Store, 'suppressions' | 'attachments'>
  seal: Seal
}

/** `publicUrl`: of the links in messages, which are samples. */
export type MessageOptions = LinkPolicy & { publicUrl?: string }

type Rendered = NonNullable<DryRun['rendered']> & Pick<LocalePreview, 'faults'>
type Message = { channel: Channel; rendered: Omit<StepMessage, 'sender'>; mail?: MailAdditions }

/** The item and messages of one recipient. */
export type Messages = {
  /** The content of the item, with the texts of the type. */
  content: InboxContent
  /** The decision that a text of the item is empty; undefined if none is. */
  empty: Decision | undefined
  /** Renders a step that is due. Returns the decisions that prevent it from being sent, or drop a part of it. */
  decide(step: Step, now: number): Promise<readonly Simulated[]>
  /** Returns the item, and the messages of all steps that were sent, as the recipient would see them. */
  shown(): Rendered
}

const shownMessage = (draft: Draft, { channel, rendered, mail }: Message) => {
  const { content, texts, brand, appUrl, unsubscribeUrl } = rendered
  const message = previewMessage(channel, {
    type: draft.given.type,
    content: { ...itemContent(content, appUrl), ...texts, ...(brand && { brand }) },
    ...(unsubscribeUrl !== undefined && { unsubscribeUrl }),
  })
  return { [channel]: { ...message, ...mail?.shown } }
}

/**
 * Creates the function that renders what the recipients of a dry run would get, as the dispatcher does. The renderings of
 * one dry run share a time limit.
 */
export const createMessages = ({ cache, store, seal }: MessagePorts, options: MessageOptions) => {
  const prepared = createPreparedTypes(options, cache)
  const mailAdditions = createMailAdditions(store)

  return async (
    { tenant, given, type }: Pick<Draft, 'tenant' | 'given' | 'type'>,
    facts: Facts,
    now: number,
  ) => {
    const { tenancy, subject } = facts
    const [revision, additions, samples] = await Promise.all([
      cache.revision(tenant),
      mailAdditions(tenant, given.overrides?.email),
      sampleLinks(seal, options.publicUrl, { tenant, type: { key: given.type, ...subject }, now }),
    ])
    const signed = isOptional(subject) ? samples : { preferences: samples.preferences }
    const linksOf = (channel: Channel) =>
      channel === 'email' && hasCopies(given.overrides?.email) ? {} : signed
    const time = createPreviewTime()
    const appUrl = appUrlOf(tenancy, options)

    return async (draft: Draft, user: string, { inbox, variant }: Planned): Promise<Messages> => {
      const { at } = draft
      const templates = await prepared(tenant, type, { revision, variant })
      /** An e-mail without texts of a type may have a default layout. */
      const framing = async (channel: Channel) =>
        channel === 'email'
          ? prepared(tenant, type ?? { key: given.type }, { revision, framed: true })
          : undefined
      const person = facts.user(user)
      const faults: Rendered['faults'] = []
      const messages: Message[] = []
      const item = async () => {
        const content = contentOfDraft(draft)
        if (!templates || inbox === 'none') return { content, language: {}, faults: [] }
        const reader = localeAndZone(person, tenancy.settings, at)
        const parts = {
          templates,
          scope: scopeOf(content, person, tenancy),
          name: type?.name,
          test: given.test,
        }
        return await time((limit) => renderedItem(content, { ...parts, viewer: { ...reader, time: limit } }))
      }
      const { content, language, faults: ofItem } = await item()
      faults.push(...ofItem.map((fault) => ({ channel: 'inbox' as const, ...fault })))
      return {
        content,
        empty: ofItem[0] && emptyText(ofItem[0], variant, at),
        decide: async (step, now) => {
          const { channel } = step.plan[step.index]!
          const layout = templates ?? (await framing(channel))
          const rendered = await time((limit) =>
            renderStep(step, {
              ...{ content: { id: draft.id, ...content }, templates: layout, person, tenancy, appUrl },
              ...{ now, time: limit },
              links: linksOf(channel),
              ...(channel === 'webhook' ? {} : { overrides: given.overrides?.[channel] }),
            }),
          )
          if ('faults' in rendered) {
            faults.push(...rendered.faults.map((fault) => ({ channel, ...fault })))
            return [stepFailure(step, rendered.faults[0], now)]
          }
          const mail = channel === 'email' ? await additions(person.profile.email) : undefined
          messages.push({ channel, rendered, ...(mail && { mail }) })
          return mail?.leftOut(step.index) ?? []
        },
        shown: () => {
          const { locale = localeOf(type ?? {}), timezone } = localeAndZone(person, tenancy.settings, at)
          return {
            ...{ user, ...(variant !== undefined && { variant }), locale, timezone },
            ...(inbox === 'none' ? {} : { inbox: previewContent({ ...content, ...language }) }),
            ...Object.assign({}, ...messages.map((message) => shownMessage(draft, message))),
            faults,
          }
        },
      }
    }
  }
}
