import type { Content } from '@carillon/core/delivery/provider'
import { type Step, secretContext } from '@carillon/core/delivery/step'
import type { Seal } from '@carillon/core/security/seal'
import type { ItemContent } from '@carillon/schemas'

/** Makes a path absolute; undefined if there is no base. */
const absolute = (url: string | undefined, base: string | undefined): string | undefined => {
  if (url === undefined || !url.startsWith('/')) return url
  return base === undefined ? undefined : new URL(url, base).href
}

/** Returns the content of a message about an item. Paths are relative to `base`. Pure. */
export const itemContent = (item: ItemContent, base: string | undefined): Content => ({
  title: item.title,
  body: item.body,
  url: absolute(item.url, base),
  image: absolute(item.image, base),
  actions: item.actions?.map((action) => ({ ...action, url: absolute(action.url, base) })),
  actor: item.actor && { ...item.actor, avatar: absolute(item.actor.avatar, base) },
  category: item.category,
  tags: item.tags,
  data: item.data,
})

/** Returns the content of a one-time password. The code is in the clear only here and in the request to the provider. */
export const secretContent = (seal: Seal, step: Step, now: number): Content => {
  const code = seal.open(step.secret ?? '', secretContext(step))
  const minutes = Math.max(1, Math.round((step.expiresAt - now) / 60_000))
  return {
    title: step.name === undefined ? `Your code is ${code}` : `Your code for ${step.name} is ${code}`,
    body: `It is good for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. Do not give it to anybody.`,
  }
}
