import type { Step } from '@carillon/core/delivery/step'
import { type Spoken, spoken } from '@carillon/core/render/spoken'
import type { Subject } from '@carillon/core/routing/preference'
import type { Tenant } from '@carillon/core/store/ports/tenants'
import { scopeOf } from '@carillon/core/template/scope'
import type { TemplateFault, TypeTemplates } from '@carillon/core/template/type-templates'
import { viewerOf } from '@carillon/core/template/viewer'
import type { ItemContent, UserProfile } from '@carillon/schemas'
import { channelOf } from './ledger-changes.ts'

/** The content of a step's item, or of a notification without one; undefined for a one-time password. */
export type Said = Partial<Spoken<ItemContent>> & {
  appUrl: string | undefined
  /** What preferences about it are looked up by. */
  subject: Omit<Subject, 'addressed'>
}

/**
 * Renders what a step says, for the person as they are now. Returns the fault if a template fails or lacks a value: the
 * message is not sent then.
 */
export const saidBy = (
  step: Step,
  known: { content: ItemContent | undefined; templates: TypeTemplates | undefined; profile: UserProfile },
  tenant: Tenant | undefined,
): Omit<Said, 'appUrl' | 'subject'> | { fault: TemplateFault } => {
  const { content, templates, profile } = known
  if (!content || !templates) return { content }
  const channel = channelOf(step)
  const scope = scopeOf(content, { id: step.user, profile }, tenant)
  const { texts, faults } = templates.render(channel, scope, viewerOf(profile, Date.now()))
  const [fault] = faults
  return fault ? { fault } : spoken(content, texts, channel === 'email')
}
