import { hash } from 'node:crypto'
import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import { cut, type PushDeviceInput } from '@carillon/schemas'

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

const without =
  (field: keyof Content) =>
  (content: Content): Content => ({ ...content, [field]: undefined })

const shortened =
  (field: 'title' | 'body') =>
  (content: Content, fits: (content: Content) => boolean): Content => {
    const text = content[field] ?? ''
    let [fitting, tooLong] = [0, text.length]
    while (tooLong - fitting > 1) {
      const middle = (fitting + tooLong) >>> 1
      if (fits({ ...content, [field]: cut(text, middle + 1) })) fitting = middle
      else tooLong = middle
    }
    return { ...content, [field]: fitting === 0 ? undefined : cut(text, fitting + 1) }
  }

/** Reductions that make a message fit, the least important content first. */
const REDUCTIONS = [
  without('data'),
  without('actions'),
  without('image'),
  shortened('body'),
  without('url'),
  shortened('title'),
]

/** Reduces content until the result of `build` takes at most `maxBytes` as JSON. */
export const fitContent = (
  content: Content,
  maxBytes: number,
  build: (content: Content) => unknown,
): Content => {
  const fits = (candidate: Content) => Buffer.byteLength(JSON.stringify(build(candidate))) <= maxBytes
  let fitting = content
  for (const reduce of REDUCTIONS) {
    if (fits(fitting)) break
    fitting = reduce(fitting, fits)
  }
  return fitting
}
