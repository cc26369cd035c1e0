import type { Channel, Suppression } from '@carillon/schemas'

/** Addresses not to be written to, by channel. Kept under a keyed hash, and encrypted for showing. */
export interface Suppressions {
  /** Adds or replaces. */
  put(tenant: string, suppressions: readonly Suppression[]): Promise<void>
  /** Which of these are suppressed, in the order given; undefined where one is not. */
  find(
    tenant: string,
    addresses: readonly { channel: Channel; address: string }[],
  ): Promise<(Suppression | undefined)[]>
  remove(tenant: string, addresses: readonly { channel: Channel; address: string }[]): Promise<void>
  /** In no promised order, from a place on. */
  list(
    tenant: string,
    query: { after?: string; limit: number },
  ): Promise<{ suppressions: Suppression[]; next?: string }>
}
