import type { Content } from '@carillon/core/delivery/provider'
import { type Step, secretContext } from '@carillon/core/delivery/step'
import type { Seal } from '@carillon/core/security/seal'
import type { ItemContent } from '@carillon/schemas'

/** A link that is a path made absolute; undefined when there is nothing to make it so. */
const absolute = (url: string | undefined, base: string | undefined): string | undefined => {
  if (url === undefined || !url.startsWith('/')) return url
  return base === undefined ? undefined : new URL(url, base).href
}

/** What a message about an item says. `base` is what its paths are relative to. Pure. */
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

/** What a one-time password says. The code is in the clear from here on, and only in what is handed to the provider. */
export const secretContent = (seal: Seal, step: Step, now: number): Content => {
  const code = seal.open(step.secret ?? '', secretContext(step))
  const minutes = Math.max(1, Math.round((step.expiresAt - now) / 60_000))
  return {
    title: step.name === undefined ? `Your code is ${code}` : `Your code for ${step.name} is ${code}`,
    body: `It is good for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. Do not give it to anybody.`,
  }
}
