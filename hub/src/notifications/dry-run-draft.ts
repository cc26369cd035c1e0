import type { Step } from '@carillon/core/delivery/step'
import { contentOf } from '@carillon/core/notification/content'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { Addressed } from '@carillon/core/routing/addressees'
import type { DeliveryTime } from '@carillon/core/routing/delivery-time'
import { firstIndex } from '@carillon/core/routing/first-step'
import type { Planned } from '@carillon/core/routing/plan'
import type { InboxContent } from '@carillon/schemas'
import type { Validated } from './validate.ts'

/** A notification that is never sent, for one recipient. `at`: when it would be, epoch ms. `expiresAt`: absent if never. */
export type Draft = Validated & { tenant: string; id: string; at: number; expiresAt?: number }

/** Returns what a recipient with these times would get. One whose time has passed would get it `now`. */
export const draftOf = (
  tenant: string,
  validated: Validated,
  { at: due, expiresAt }: DeliveryTime,
  now: number,
): Draft => {
  const at = Math.max(due, now)
  const id = derivedUuid7(at, 'dry run')
  return { ...validated, tenant, at, id, ...(expiresAt === undefined ? {} : { expiresAt }) }
}

/** Returns when a draft expires, epoch ms. */
export const expiryOfDraft = ({ expiresAt = Number.MAX_SAFE_INTEGER }: Draft): number => expiresAt

/** Returns the content of a draft's items, before the texts of its type are rendered. */
export const contentOfDraft = ({ given, type, priority, id, at, expiresAt }: Draft): InboxContent =>
  contentOf({
    ...{ id, notification: { ...given, priority }, type, at },
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
  })

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
  const { tenant, id, given, type, priority, at } = draft
  const expiresAt = expiryOfDraft(draft)
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
