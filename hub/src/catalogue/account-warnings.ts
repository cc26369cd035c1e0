import type { StoredAccount } from '@carillon/core/store/ports/accounts'
import type { NotificationType, Warning } from '@carillon/schemas'

/** Returns a warning for each step whose channel has no provider account. Push needs none, because tenants have VAPID keys. */
export const accountWarnings = (
  { plan = [] }: Pick<NotificationType, 'plan'>,
  accounts: readonly Pick<StoredAccount, 'channels'>[],
): Warning[] =>
  plan.flatMap(({ channel }, index) =>
    channel === 'push' || accounts.some(({ channels }) => channels.includes(channel))
      ? []
      : [
          {
            code: 'no_account',
            pointer: `/plan/${index}/channel`,
            message: `no provider account serves ${channel}, so this step is skipped until there is one`,
          },
        ],
  )
