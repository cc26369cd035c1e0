import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { ServingAccount } from '@carillon/core/delivery/destinations'
import type { Providers } from '@carillon/core/delivery/provider'
import { servingAccounts } from '@carillon/core/delivery/serving-accounts'
import type { Channel } from '@carillon/schemas'

/** Returns the function that finds the accounts by which a dispatcher would send on a channel. */
export const createServing =
  (
    { cache, providers }: { cache: Pick<SettingsCache, 'accounts'>; providers: Providers },
    options: { captures: boolean },
  ) =>
  async (tenant: string, channel: Channel): Promise<ServingAccount[]> =>
    servingAccounts(await cache.accounts(tenant), channel, options).flatMap((account) => {
      const provider = providers.get(account.provider)
      return provider ? [{ account, provider }] : []
    })
