import { isDeepStrictEqual } from 'node:util'
import { defaultsMessage } from '@carillon/core/preferences/times-message'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { ContextSettings } from '@carillon/schemas'

/** The settings that decide how long messages wait. */
const timesOf = ({ timezone, defaults }: ContextSettings = {}) => ({ timezone, defaults })

/**
 * Returns the tenants and contexts of a store, whose changes of defaults or time zone also move what waits for users. The message
 * is published first, so that no change that is made is missed.
 */
export const movingWaiting = (
  { tenants, contexts }: Pick<Store, 'tenants' | 'contexts'>,
  stream: Pick<Stream, 'publish'>,
): Pick<Store, 'tenants' | 'contexts'> => {
  const move = async (
    tenant: string,
    context: string | undefined,
    [before, after]: readonly [ContextSettings | undefined, ContextSettings | undefined],
  ) => {
    if (!isDeepStrictEqual(timesOf(before), timesOf(after)))
      await stream.publish([defaultsMessage(tenant, context, { now: Date.now() })])
  }
  const contextOf = async (tenant: string, key: string) =>
    (await contexts.get(tenant, [key])).get(key)?.settings
  return {
    tenants: {
      ...tenants,
      putSettings: async (tenant, settings, expected) => {
        await move(tenant, undefined, [(await tenants.get(tenant))?.settings, settings])
        return tenants.putSettings(tenant, settings, expected)
      },
    },
    contexts: {
      ...contexts,
      put: async (tenant, key, settings, expected) => {
        await move(tenant, key, [await contextOf(tenant, key), settings])
        return contexts.put(tenant, key, settings, expected)
      },
      remove: async (tenant, key, expected) => {
        await move(tenant, key, [await contextOf(tenant, key), undefined])
        return contexts.remove(tenant, key, expected)
      },
    },
  }
}
