import type { Preferences } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import type { PreferenceLayers } from '../routing/preference.ts'

/** The preferences of a user by context. General preferences have the key GENERAL. */
export type Documents = ReadonlyMap<string, Preferences>

/** The key of general preferences. No context has this key. */
export const GENERAL = ''

/** Returns the preferences of a user in a context and in general; undefined if the user has neither. */
export const ownIn = (
  documents: Documents | undefined,
  context: string | undefined,
): Pick<PreferenceLayers, 'user' | 'userContext'> | undefined => {
  const user = documents?.get(GENERAL)
  const userContext = context === undefined ? undefined : documents?.get(context)
  return user || userContext ? { user, userContext } : undefined
}

/** Returns the preference defaults of a context and of its tenant. */
export const defaultsIn = (
  tenancy: Pick<InContext, 'tenant' | 'context'> | undefined,
): Pick<PreferenceLayers, 'context' | 'tenant'> => ({
  context: tenancy?.context?.settings.defaults,
  tenant: tenancy?.tenant?.settings.defaults,
})
