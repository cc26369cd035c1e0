import type { Step } from '@carillon/core/delivery/step'
import type { Subject } from '@carillon/core/routing/preference'
import type { DigestItems } from '@carillon/core/template/digest-items'
import type { TypeTemplates } from '@carillon/core/template/type-templates'
import type { ItemContent } from '@carillon/schemas'
import { digestContent } from './digest-content.ts'
import type { Known } from './lookup.ts'

/** The input of a message. If the templates of a digest fail, the first of `summaries` that does not fail renders it. */
export type MessageSource = {
  step: Step
  content: ItemContent | undefined
  templates: TypeTemplates | undefined
  summaries?: readonly TypeTemplates[]
  digestItems?: DigestItems
  subjects: readonly Omit<Subject, 'addressed'>[]
}

const ofStep = (step: Step, known: Known): MessageSource => ({
  step,
  content: known.content(step),
  templates: known.templates(step),
  subjects: [known.subject(step)],
})

/** Returns a summary's only message, to be sent in place of the summary. */
const inPlaceOf = (summary: Step, member: Step): Step => ({
  ...member,
  ...{ notification: summary.notification, digest: summary.digest, plan: summary.plan, index: summary.index },
})

/**
 * Returns the input of a step's message: its own content, or that of the steps that a digest covers. The only step left in a
 * summary after quiet hours is sent as its own message.
 */
export const messageSource = (step: Step, known: Known, now: number): MessageSource => {
  const members = known.members(step, now)
  if (!members || !step.digest) return ofStep(step, known)
  const { left } = members
  const [only] = left
  if (only && left.length === 1 && step.digest.kind === 'quiet_hours')
    return { ...ofStep(only, known), step: { ...inPlaceOf(step, only), destination: step.destination } }
  const summaries = known.summaries(step)
  return {
    step,
    ...(digestContent(step, left, known, now) ?? { content: undefined }),
    templates: known.templates(step) ?? summaries[0],
    summaries,
    subjects: left.map(known.subject),
  }
}
