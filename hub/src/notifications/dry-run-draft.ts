import type { Step } from '@carillon/core/delivery/step'
import { contentOf } from '@carillon/core/notification/content'
import { expiryOf } from '@carillon/core/notification/expiry'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { Addressed } from '@carillon/core/routing/addressees'
import { firstIndex } from '@carillon/core/routing/first-step'
import type { Planned } from '@carillon/core/routing/plan'
import type { InboxContent } from '@carillon/schemas'
import type { Validated } from './accept.ts'

/** A notification that is never sent. `at`: when it would be, epoch ms. */
export type Draft = Validated & { tenant: string; id: string; at: number; expiresAt: number }

export const draftOf = (tenant: string, validated: Validated): Draft => {
  const { given, type } = validated
  const at = Math.max(Date.now(), given.deliverAt === undefined ? 0 : Date.parse(given.deliverAt))
  const ends = expiryOf(given, type, at)
  const expiresAt = ends === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(ends)
  return { ...validated, tenant, at, expiresAt, id: derivedUuid7(at, 'dry run') }
}

/** Returns the content of a draft's items, before the texts of its type are rendered. */
export const contentOfDraft = ({ given, type, priority, id, at }: Draft): InboxContent =>
  contentOf({ id, notification: { ...given, priority }, type, at })

/** Returns the first step of a recipient's plan. `content`: of the item, for a recipient without one. */
export const firstStepOf = (
  draft: Draft,
  user: string,
  {
    planned: { inbox, steps, variant },
    addressed,
    content,
  }: { planned: Planned; addressed: readonly Addressed[]; content: InboxContent },
): Step => {
  const { tenant, id, given, type, priority, at, expiresAt } = draft
  const topics = addressed.flatMap((way) => (way.by === 'topic' ? [way.topic] : []))
  return {
    ...{ tenant, user, notification: id, type: given.type, priority, at, expiresAt, toAudience: false },
    ...(inbox === 'none' ? { content: { id, ...content } } : { item: id }),
    ...(inbox === 'silent' ? { silent: true } : {}),
    ...(type ? { version: type.version } : {}),
    ...(variant === undefined ? {} : { variant }),
    ...(given.context === undefined ? {} : { context: given.context }),
    ...(given.plan ? { ownPlan: true } : {}),
    ...(given.test ? { test: true } : {}),
    ...(topics.length === addressed.length ? { topics } : {}),
    ...{ plan: steps, index: firstIndex(steps) },
  }
}
