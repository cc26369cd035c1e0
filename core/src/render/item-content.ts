import type { ItemContent } from '@carillon/schemas'
import type { Content } from '../delivery/provider.ts'

/** Makes a path absolute; returns undefined without a base. */
const absolute = (url: string | undefined, base: string | undefined): string | undefined => {
  if (url === undefined || !url.startsWith('/')) return url
  return base === undefined ? undefined : new URL(url, base).href
}

/** Returns the content of a message about an item. Paths are relative to `base`. Pure. */
export const itemContent = (
  item: Omit<ItemContent, 'id' | 'notification' | 'type' | 'priority' | 'createdAt'>,
  base: string | undefined,
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
})
