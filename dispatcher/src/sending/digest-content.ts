import type { Step } from '@carillon/core/delivery/step'
import { type DigestItems, digestItemsOf } from '@carillon/core/template/digest-items'
import { filled } from '@carillon/core/template/filled'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import { scopeOf } from '@carillon/core/template/scope'
import type { ItemContent } from '@carillon/schemas'
import type { Known } from './lookup.ts'

/**
 * Returns what a step in a digest says: its item, or, without one, its content with the texts that an item would have. A text
 * that cannot be rendered is empty, so that it does not take the others with it.
 */
const contentOf = (step: Step, known: Known, now: number): ItemContent[] => {
  const content = known.content(step)
  if (!content) return []
  const templates = step.item === undefined ? known.templates(step) : undefined
  const named = (item: ItemContent) => ({ ...item, title: item.title ?? known.type(step)?.name })
  if (!templates) return [named(content)]
  const { profile } = known.person(step)
  const tenancy = known.tenancy(step)
  const scope = scopeOf(content, { id: step.user, profile }, tenancy)
  const { texts } = templates.render('inbox', scope, localeAndZone(known.person(step), tenancy.settings, now))
  return [named(filled(content, texts))]
}

/** Returns one step of each notification, newest first: several steps of a plan may wait in the same window. */
const oncePerNotification = (left: readonly Step[]): Step[] => [
  ...new Map(left.toReversed().map((step) => [step.notification, step])).values(),
]

/** The content of a digest before its templates are rendered. */
export type DigestContent = { content: ItemContent; digestItems: DigestItems }

/** Returns the content of a digest from the steps that it covers, oldest first. `data` and actor are those of the newest. */
export const digestContent = (
  step: Step,
  left: readonly Step[],
  known: Known,
  now: number,
): DigestContent | undefined => {
  const contents = oncePerNotification(left).flatMap((each) => contentOf(each, known, now))
  const [newest] = contents
  if (!newest) return undefined
  const { data, actor, category, priority } = newest
  const { locale } = localeAndZone(known.person(step), known.tenancy(step).settings, now)
  const isOwnType = step.type === newest.type
  return {
    content: {
      ...{ id: step.notification, notification: step.notification, type: step.type, priority },
      ...(data && { data }),
      ...(actor && { actor }),
      ...(isOwnType ? { category, title: newest.title, url: newest.url, image: newest.image } : {}),
      ...(step.context === undefined ? {} : { context: step.context }),
      createdAt: newest.createdAt,
    },
    digestItems: digestItemsOf(contents, (key) => known.categoryName(step.tenant, key, locale)),
  }
}
