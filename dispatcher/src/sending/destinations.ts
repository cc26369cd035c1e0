import { endpointUrlOf } from '@carillon/core/delivery/endpoints'
import type { Address } from '@carillon/core/delivery/provider'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import { type Channel, channelOfDevice, type UserProfile } from '@carillon/schemas'
import type { OpenAccount } from './accounts.ts'

/** One thing of a person's that a channel reaches, and the accounts that can, in the order in which to try them. */
export type Target = {
  /** The device's id; '' for an address of the profile, and for a place that the account itself names. */
  target: string
  ways: { account: OpenAccount; address: Address }[]
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

/** Channels whose addresses lie in profiles; those of all others lie with devices. */
export const IN_PROFILES: readonly Channel[] = ['email', 'sms', 'mms', 'whatsapp']
/** Channels whose accounts can name the place themselves, such as an incoming webhook. */
const NAMED_BY_ACCOUNTS: readonly Channel[] = ['webhook', 'slack', 'teams', 'discord']
/** Kinds of devices of which each has a provider of its own. */
const PUSH_KINDS = ['web-push', 'fcm', 'apns']

/**
 * What a channel reaches of a person, given the accounts that serve it. A device that names a URL of its own goes before
 * the place that an account names. In development the account that captures takes what no other account does, but it needs
 * the same address or device. Pure.
 */
export const targetsOf = (
  channel: Channel,
  accounts: readonly OpenAccount[],
  person: { profile: UserProfile; devices: readonly StoredDevice[] },
): Target[] => {
  const targets = new Map<string, Target>()
  const add = (target: string, account: OpenAccount, address: Address) => {
    const known = targets.get(target)
    if (known) known.ways.push({ account, address })
    else targets.set(target, { target, ways: [{ account, address }] })
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
  if (!capture) return [...targets.values()]
  if (IN_PROFILES.includes(channel)) {
    const address = profileAddress(channel === 'email' ? 'email' : 'phone', person.profile)
    if (address && targets.size === 0) add('', capture, address)
  }
  for (const { id, device } of devices) if (!targets.has(id)) add(id, capture, { kind: 'device', id, device })
  if (targets.size === 0 && NAMED_BY_ACCOUNTS.includes(channel)) add('', capture, { kind: 'account' })
  return [...targets.values()]
}

/** The endpoint a webhook goes to: the user's own, or the account's. */
export const webhookUrl = (
  channel: Channel,
  { account, address }: Target['ways'][number],
): string | undefined => {
  if (channel !== 'webhook') return undefined
  return endpointUrlOf(address.kind === 'device' ? address.device : account.account.config)
}
