import { CHANNELS, type Channel, type Overrides } from '@carillon/schemas'
import type { Seal } from '../security/seal.ts'

/** The overrides of one send by channel, each encrypted: they name addresses, and URLs that are secrets. */
export type SealedOverrides = Partial<Record<Channel, string>>

/** Binds overrides to their notification and channel. */
type Place = { tenant: string; notification: string }

const contextOf = ({ tenant, notification }: Place, channel: Channel) =>
  `overrides:${tenant}:${channel}:${notification}`

/** Encrypts the overrides of a notification for the steps of its plan. */
export const sealOverrides = (
  seal: Pick<Seal, 'seal'>,
  place: Place,
  overrides: Overrides,
): SealedOverrides =>
  Object.fromEntries(
    CHANNELS.flatMap((channel) => {
      const own = channel === 'webhook' ? undefined : overrides[channel]
      return own === undefined ? [] : [[channel, seal.seal(JSON.stringify(own), contextOf(place, channel))]]
    }),
  )

/** Returns the overrides of a step's channel; undefined if it has none. */
export const openOverrides = <C extends keyof Overrides>(
  seal: Pick<Seal, 'open'>,
  { overrides, ...place }: Place & { overrides?: SealedOverrides | undefined },
  channel: C,
): Overrides[C] | undefined => {
  const sealed = overrides?.[channel]
  return sealed === undefined
    ? undefined
    : (JSON.parse(seal.open(sealed, contextOf(place, channel))) as Overrides[C])
}
