import { CHANNELS, type Channel, type Overrides } from '@carillon/schemas'
import type { Seal } from '../security/seal.ts'

/** The overrides of a notification by channel, each encrypted: they contain addresses and secret URLs. */
export type SealedOverrides = Partial<Record<Channel, string>>

/** The notification that overrides belong to. */
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
