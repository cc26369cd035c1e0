import { type Channel, channelOfDevice, type UserProfile } from '@carillon/schemas'
import type { StoredAccount } from '../store/ports/accounts.ts'
import type { StoredDevice } from '../store/ports/devices.ts'
import { endpointUrlOf } from './endpoints.ts'
import type { Address, Provider } from './provider.ts'

/** A provider account, and what its provider needs to reach a user. */
export type ServingAccount = { account: StoredAccount; provider: Pick<Provider, 'name' | 'needs'> }

/** An account that can send to a destination, and the address it sends to. */
export type Candidate<Account extends ServingAccount = ServingAccount> = {
  account: Account
  address: Address
}

/** One destination through which a channel reaches a user. */
export type Destination<Account extends ServingAccount = ServingAccount> = {
  /** The device's id; '' for an address in the profile, and for a destination that is part of the account. */
  destination: string
  /** In the order in which they are tried. */
  candidates: readonly Candidate<Account>[]
}

const profileAddress = (kind: Address['kind'], profile: UserProfile): Address | undefined => {
  if (kind === 'email' && profile.email !== undefined)
    return {
      kind: 'email',
      email: profile.email,
      ...(profile.name === undefined ? {} : { name: profile.name }),
    }
  if (kind === 'phone' && profile.phone !== undefined) return { kind: 'phone', phone: profile.phone }
  return undefined
}

/** Channels whose addresses are in profiles; those of all others are devices. */
export const IN_PROFILES: readonly Channel[] = ['email', 'sms', 'mms', 'whatsapp']
/** Channels whose accounts can contain the destination, such as an incoming webhook. */
const NAMED_BY_ACCOUNTS: readonly Channel[] = ['webhook', 'slack', 'teams', 'discord']
/** Kinds of devices that each have their own provider. */
const PUSH_KINDS = ['web-push', 'fcm', 'apns']

/**
 * Returns the destinations of a user in a channel, given the accounts that serve it. A device with its own
 * URL takes precedence over the URL of an account. In development, the capturing account gets the messages
 * that no other account serves, but needs the same address or device. Pure.
 */
export const destinationsOf = <Account extends ServingAccount>(
  channel: Channel,
  accounts: readonly Account[],
  person: { profile: UserProfile; devices: readonly StoredDevice[] },
): Destination<Account>[] => {
  const found = new Map<string, Candidate<Account>[]>()
  const add = (destination: string, account: Account, address: Address) => {
    const candidates = found.get(destination)
    if (candidates) candidates.push({ account, address })
    else found.set(destination, [{ account, address }])
  }
  const devices = person.devices.filter(({ device }) => channelOfDevice(device.kind) === channel)

  for (const account of accounts) {
    const { provider } = account
    if (provider.name === 'capture') continue
    const needs = provider.needs(channel, account.account.config)
    const address = profileAddress(needs, person.profile)
    if (address) add('', account, address)
    const fitting = devices.filter(({ device }) =>
      needs === 'device'
        ? !PUSH_KINDS.includes(device.kind) || device.kind === provider.name
        : needs === 'account' && 'url' in device,
    )
    for (const { id, device } of fitting) add(id, account, { kind: 'device', id, device })
    if (needs === 'account' && fitting.length === 0) add('', account, { kind: 'account' })
  }

  const capture = accounts.find(({ provider }) => provider.name === 'capture')
  if (capture) {
    if (IN_PROFILES.includes(channel)) {
      const address = profileAddress(channel === 'email' ? 'email' : 'phone', person.profile)
      if (address && found.size === 0) add('', capture, address)
    }
    for (const { id, device } of devices) if (!found.has(id)) add(id, capture, { kind: 'device', id, device })
    if (found.size === 0 && NAMED_BY_ACCOUNTS.includes(channel)) add('', capture, { kind: 'account' })
  }
  return [...found].map(([destination, candidates]) => ({ destination, candidates }))
}

/** Returns the endpoint of a webhook: the user's own, or the account's. */
export const webhookUrl = (channel: Channel, { account, address }: Candidate): string | undefined => {
  if (channel !== 'webhook') return undefined
  return endpointUrlOf(address.kind === 'device' ? address.device : account.account.config)
}
