import type { StoredAccount } from '@carillon/core/store/ports/accounts'
import type { NotificationType, Warning } from '@carillon/schemas'

/** Returns a warning for each step whose channel has no provider account. Push needs none, because tenants have VAPID keys. */
export const accountWarnings = (
  { plan = [], variants = [] }: Pick<NotificationType, 'plan' | 'variants'>,
  accounts: readonly Pick<StoredAccount, 'channels'>[],
): Warning[] =>
  [
    ...plan.map((step, index) => ({ ...step, pointer: `/plan/${index}` })),
    ...variants.flatMap((variant, place) =>
      (variant.plan ?? []).map((step, index) => ({ ...step, pointer: `/variants/${place}/plan/${index}` })),
    ),
  ].flatMap(({ channel, pointer }) =>
    channel === 'push' || accounts.some(({ channels }) => channels.includes(channel))
      ? []
      : [
          {
            code: 'no_account',
            pointer: `${pointer}/channel`,
            message: `no provider account serves ${channel}, so this step is skipped until there is one`,
          },
        ],
  )
