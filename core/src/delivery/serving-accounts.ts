import type { Channel } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import type { StoredAccount } from '../store/ports/accounts.ts'
import type { ServingAccount } from './destinations.ts'

/** In development, serves every channel for which the tenant has no account. */
const captureAccount = (channel: Channel): StoredAccount => ({
  id: 'capture',
  provider: 'capture',
  channels: [channel],
  order: 1_000,
  config: {},
})

/** Web push needs no provider account, only the tenant's own keys. */
const OWN_WEB_PUSH: StoredAccount = {
  id: 'web-push',
  provider: 'web-push',
  channels: ['push'],
  order: 1_000,
  config: {},
}

/**
 * Returns the accounts of a tenant that serve a channel, in the order in which they are tried. `captures`: messages that no
 * account serves are captured. Pure.
 */
export const servingAccounts = (
  accounts: readonly StoredAccount[],
  channel: Channel,
  { captures }: { captures: boolean },
): StoredAccount[] => {
  const given = accounts.filter(({ channels }) => channels.includes(channel))
  const own = channel === 'push' && !given.some(({ provider }) => provider === 'web-push')
  const serving = [...given, ...(own ? [OWN_WEB_PUSH] : [])].sort((a, b) => a.order - b.order)
  return captures && given.length === 0 ? [...serving, captureAccount(channel)] : serving
}

/** Puts the account of a context or tenant before the others, which keep their order. */
export const preferredFirst = <Account extends ServingAccount>(
  accounts: readonly Account[],
  { settings }: Pick<InContext, 'settings'>,
  channel: Channel,
): readonly Account[] => {
  const wanted = settings.senders?.[channel]?.account
  const preferred = wanted === undefined ? undefined : accounts.find(({ account }) => account.id === wanted)
  return preferred ? [preferred, ...accounts.filter((each) => each !== preferred)] : accounts
}
