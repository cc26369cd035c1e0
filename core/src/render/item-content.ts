import type { ItemContent } from '@carillon/schemas'
import type { Content } from '../delivery/provider.ts'

/** The base of relative links: a URL, or `given` if the app resolves them. Without a base, they are omitted. */
export type LinkBase = string | { as: 'given' } | undefined

/** Makes a path absolute; returns undefined without a base. */
const absolute = (url: string | undefined, base: LinkBase): string | undefined => {
  if (url === undefined || !url.startsWith('/') || typeof base === 'object') return url
  return base === undefined ? undefined : new URL(url, base).href
}

/** Returns the content of a message about an item. Pure. */
export const itemContent = (
  item: Omit<ItemContent, 'id' | 'notification' | 'type' | 'priority' | 'createdAt'>,
  base: LinkBase,
): Content => ({
  title: item.title,
  body: item.body,
  url: absolute(item.url, base),
  image: absolute(item.image, base),
  actions: item.actions?.map((action) => ({ ...action, url: absolute(action.url, base) })),
  actor: item.actor && { ...item.actor, avatar: absolute(item.actor.avatar, base) },
  category: item.category,
  tags: item.tags,
  context: item.context,
  data: item.data,
  group: item.group?.key,
})
