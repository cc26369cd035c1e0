import { hash } from 'node:crypto'
import type { Outgoing } from '@carillon/core/delivery/provider'
import type { PushDeviceInput } from '@carillon/schemas'

type DeviceOf<Kind extends PushDeviceInput['kind']> = Extract<PushDeviceInput, { kind: Kind }>

/** Returns the device that a message is addressed to. Throws `TypeError` if it is not of this kind. */
export const deviceOf = <Kind extends PushDeviceInput['kind']>(
  kind: Kind,
  message: Outgoing,
): DeviceOf<Kind> => {
  const { address } = message
  if (address.kind !== 'device' || address.device.kind !== kind)
    throw new TypeError(`a ${kind} message must be addressed to a ${kind} device`)
  return address.device as DeviceOf<Kind>
}

/**
 * Returns the name of a message's group on the device: a hash of its context, type and group key. 32 characters of base64url;
 * undefined without a group.
 */
export const groupKey = ({ type, content: { context = '', group } }: Outgoing): string | undefined =>
  group === undefined
    ? undefined
    : hash('sha256', JSON.stringify([context, type, group]), 'base64url').slice(0, 32)

/** Returns the time until a message expires, in whole seconds. Push services keep messages for at most 28 days. */
export const secondsLeft = (message: Outgoing): number =>
  Math.min(Math.max(0, Math.floor((message.expiresAt - Date.now()) / 1_000)), 28 * 86_400)
