import type { Content } from '@carillon/core/delivery/provider'
import type { Step } from '@carillon/core/delivery/step'
import type { Tenant } from '@carillon/core/store/ports/tenants'
import { filled } from '@carillon/core/template/filled'
import { scopeOf } from '@carillon/core/template/scope'
import type { TemplateFault, Texts, TypeTemplates } from '@carillon/core/template/type-templates'
import { viewerOf } from '@carillon/core/template/viewer'
import type { ItemContent, UserProfile } from '@carillon/schemas'
import { channelOf } from './ledger-changes.ts'

/** What e-mails have beside the content of an item, and the language of a message. */
type MessageTexts = Pick<Content, 'subject' | 'html' | 'text' | 'lang' | 'dir'>

/** The content of a step's item, or of a notification without one; undefined for a one-time password. */
export type Said = { content: ItemContent | undefined; texts?: MessageTexts; appUrl: string | undefined }

/** Lays the texts of a type over an item. HTML of its own stands for title and body, and so does the text of a chat. */
const spoken = (item: ItemContent, texts: Texts, isEmail: boolean): Omit<Said, 'appUrl'> => {
  const content = filled(item, texts)
  const { subject, html, text, lang, dir } = texts
  const language = { ...(lang && { lang }), ...(dir && { dir }) }
  if (!isEmail) {
    if (text === undefined) return { content, texts: language }
    return { content: { ...content, title: undefined, body: text }, texts: language }
  }
  const title = subject || content.title
  return {
    content: html === undefined ? content : { ...content, title: undefined, body: undefined },
    texts: { ...language, ...(title && { subject: title }), ...(html && { html }), ...(text && { text }) },
  }
}

/**
 * Renders what a step says, for the person as they are now. Returns the fault if a template fails or lacks a value: the
 * message is not sent then.
 */
export const saidBy = (
  step: Step,
  known: { content: ItemContent | undefined; templates: TypeTemplates | undefined; profile: UserProfile },
  tenant: Tenant | undefined,
): Omit<Said, 'appUrl'> | { fault: TemplateFault } => {
  const { content, templates, profile } = known
  if (!content || !templates) return { content }
  const channel = channelOf(step)
  const scope = scopeOf(content, { id: step.user, profile }, tenant)
  const { texts, faults } = templates.render(channel, scope, viewerOf(profile, Date.now()))
  const [fault] = faults
  return fault ? { fault } : spoken(content, texts, channel === 'email')
}
