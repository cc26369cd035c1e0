import type { Actor, ItemContent, UserProfile } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'

/** What templates see. */
export type Scope = {
  data: Readonly<Record<string, unknown>>
  user: Readonly<Record<string, unknown>>
  tenant: Readonly<Record<string, unknown>>
  actor: Readonly<Record<string, unknown>>
  context: Readonly<Record<string, unknown>>
  /** Of the library; added when a type is prepared. */
  env?: Readonly<Record<string, string>>
}

export const SCOPE: ReadonlySet<string> = new Set(['data', 'user', 'context', 'tenant', 'actor', 'env'])

/** Returns what the templates of a notification see when they are rendered for a person. */
export const scopeOf = (
  { data = {}, actor }: { data?: ItemContent['data']; actor?: Actor | undefined },
  user: { id: string; profile: UserProfile },
  { variables: { tenant, context } }: Pick<InContext, 'variables'>,
): Scope => ({ data, actor: actor ?? {}, context, user: { id: user.id, ...user.profile }, tenant })
