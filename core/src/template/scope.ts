import type { ItemContent, UserProfile } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import { type DigestItems, digestItemsOf } from './digest-items.ts'

/** The variables of templates. */
export type Scope = DigestItems & {
  data: Readonly<Record<string, unknown>>
  user: Readonly<Record<string, unknown>>
  tenant: Readonly<Record<string, unknown>>
  actor: Readonly<Record<string, unknown>>
  context: Readonly<Record<string, unknown>>
  unsubscribe_url?: string | undefined
  preferences_url?: string | undefined
  /** The `env` of the library. `prepareTemplates` adds it. */
  env?: Readonly<Record<string, string>>
}

/** The links of a message that act for its recipient. An absent link renders as empty text. */
export type Links = { unsubscribe?: string | undefined; preferences?: string | undefined }

export const SCOPE: ReadonlySet<string> = new Set([
  ...['data', 'user', 'context', 'tenant', 'actor', 'env'],
  ...['items', 'total', 'actors', 'total_actors', 'unsubscribe_url', 'preferences_url'],
])

/**
 * Returns what the templates of a notification see when they are rendered for a person. `digestItems` are the notifications of
 * which digest covers.
 */
export const scopeOf = (
  content: Partial<ItemContent>,
  user: { id: string; profile: UserProfile },
  { variables: { tenant, context } }: Pick<InContext, 'variables'>,
  links: Links = {},
  digestItems: DigestItems = digestItemsOf([content]),
): Scope => ({
  ...digestItems,
  data: content.data ?? {},
  actor: content.actor ?? {},
  context,
  user: { id: user.id, ...user.profile },
  tenant,
  unsubscribe_url: links.unsubscribe,
  preferences_url: links.preferences,
})
