import type { NewTexts } from '@carillon/core/delivery/provider'
import { isPushObsolete } from '@carillon/core/delivery/push-updates'
import type { ShownPush } from '@carillon/core/store/ports/shown-pushes'
import { cut, type InboxItem } from '@carillon/schemas'

/** A push whose item has newer content. `version`: the version of `texts`. */
export type Replaced = { push: ShownPush; texts: NewTexts; version: number }

/** Maximum pushes that an update withdraws. */
export const WITHDRAW_MAX = 40
/** Maximum pushes whose texts an update replaces. */
export const REPLACE_MAX = 3
/** Maximum length of new texts, in UTF-16 code units. Push services allow 4 kB of JSON for the whole update. */
const [TITLE_MAX, BODY_MAX] = [60, 100]

/** Returns the version of an item's content: when it was replaced, else when it was accepted, epoch ms. */
export const contentVersion = ({
  updatedAt,
  createdAt,
}: Pick<InboxItem, 'updatedAt' | 'createdAt'>): number => Date.parse(updatedAt ?? createdAt)

const textsOf = (tag: string, { title, body }: InboxItem): NewTexts => ({
  tag,
  ...(title === undefined ? {} : { title: cut(title, TITLE_MAX) }),
  ...(body === undefined ? {} : { body: cut(body, BODY_MAX) }),
})

/** Returns the new texts of a push, if its item was replaced. A push about several items keeps its text. */
const replacedOf = (push: ShownPush, items: ReadonlyMap<string, InboxItem>): Replaced[] => {
  const [id = '', ...others] = push.items
  const item = others.length === 0 ? items.get(id) : undefined
  // A replacement has the time of its request, so a push that was sent later may still show the earlier content.
  if (!item || push.version === undefined || contentVersion(item) <= push.version) return []
  return [{ push, texts: textsOf(push.key, item), version: contentVersion(item) }]
}

/**
 * Returns the shown pushes that are out of date at `now` (epoch ms). `obsolete`: all of their items were read,
 * archived, snoozed or removed. `replaced`: the content of their item was replaced.
 */
export const obsoletePushes = (
  shown: readonly ShownPush[],
  items: ReadonlyMap<string, InboxItem>,
  now: number,
): { obsolete: ShownPush[]; replaced: Replaced[] } => {
  const isObsolete = (push: ShownPush) => push.items.every((item) => isPushObsolete(items.get(item), now))
  const obsolete = shown.filter(isObsolete)
  return {
    obsolete,
    replaced: shown.filter((push) => !obsolete.includes(push)).flatMap((push) => replacedOf(push, items)),
  }
}
