import type { Channel, Suppression } from '@carillon/schemas'

/** Suppressed addresses by channel, found by keyed hash and encrypted at rest. */
export interface Suppressions {
  /** Adds or replaces suppressions. */
  put(tenant: string, suppressions: readonly Suppression[]): Promise<void>
  /** Returns the suppression of each address, in the order given; undefined if it is not suppressed. */
  find(
    tenant: string,
    addresses: readonly { channel: Channel; address: string }[],
  ): Promise<(Suppression | undefined)[]>
  remove(tenant: string, addresses: readonly { channel: Channel; address: string }[]): Promise<void>
  /** Lists suppressions in unspecified order, after a cursor. */
  list(
    tenant: string,
    query: { after?: string; limit: number },
  ): Promise<{ suppressions: Suppression[]; next?: string }>
}
