import { hash } from 'node:crypto'
import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import { cut, type PushDevice } from '@carillon/schemas'

type DeviceOf<Kind extends PushDevice['kind']> = Extract<PushDevice, { kind: Kind }>

/** The device of a message. Throws when it has none of this kind: whoever picked the account has made a mistake. */
export const deviceOf = <Kind extends PushDevice['kind']>(kind: Kind, message: Outgoing): DeviceOf<Kind> => {
  const { address } = message
  if (address.kind !== 'device' || address.device.kind !== kind)
    throw new TypeError(`a message for ${kind} has to be addressed to a device of that kind`)
  return address.device as DeviceOf<Kind>
}

/** What a repeat replaces on the device: the inbox item, else the delivery itself. 32 characters of base64url. */
export const replaceKey = ({ item, key }: Outgoing): string =>
  item === undefined ? key : hash('sha256', item, 'base64url').slice(0, 32)

/** How long it is still worth delivering, in whole seconds; push services keep nothing longer than 28 days. */
export const secondsLeft = (message: Outgoing): number =>
  Math.min(Math.max(0, Math.floor((message.expiresAt - Date.now()) / 1_000)), 28 * 86_400)

const without =
  (field: keyof Content) =>
  (content: Content): Content => ({ ...content, [field]: undefined })

const shortened =
  (field: 'title' | 'body') =>
  (content: Content, fits: (content: Content) => boolean): Content => {
    const text = content[field] ?? ''
    let [kept, tooMuch] = [0, text.length]
    while (tooMuch - kept > 1) {
      const middle = (kept + tooMuch) >>> 1
      if (fits({ ...content, [field]: cut(text, middle + 1) })) kept = middle
      else tooMuch = middle
    }
    return { ...content, [field]: kept === 0 ? undefined : cut(text, kept + 1) }
  }

/** What is given up for a message to fit, first the least missed. */
const SAVINGS = [
  without('data'),
  without('actions'),
  without('image'),
  shortened('body'),
  without('url'),
  shortened('title'),
]

/** As much of a content as makes `build` give at most `maxBytes` of JSON. */
export const fitContent = (
  content: Content,
  maxBytes: number,
  build: (content: Content) => unknown,
): Content => {
  const fits = (candidate: Content) => Buffer.byteLength(JSON.stringify(build(candidate))) <= maxBytes
  let fitting = content
  for (const save of SAVINGS) {
    if (fits(fitting)) break
    fitting = save(fitting, fits)
  }
  return fitting
}
