import type { Channel, SuppressionReason, UserProfile } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import type { StepDecision } from '../routing/decision.ts'
import { type Reachable, reach } from '../routing/reach.ts'
import type { Store } from '../store/port.ts'
import type { StoredDevice } from '../store/ports/devices.ts'
import { addressOf } from './addresses.ts'
import {
  type Candidate,
  type Destination,
  destinationsOf,
  type ServingAccount,
  webhookUrl,
} from './destinations.ts'
import type { Endpoints } from './endpoints.ts'
import { preferredFirst } from './serving-accounts.ts'
import type { Step } from './step.ts'

export type ReachabilityPorts<Account extends ServingAccount> = {
  store: Pick<Store, 'suppressions'>
  /** Resolves with the accounts that serve a channel, in the order in which they are tried. */
  accounts: { serving(tenant: string, channel: Channel): Promise<readonly Account[]> }
  endpoints: Pick<Endpoints, 'disabled'>
}

type Found<Account extends ServingAccount> = Omit<Destination<Account>, 'candidates'> & {
  candidates: readonly (Candidate<Account> & Reachable)[]
}

const NONE: ReadonlySet<string> = new Set()
const NOT_SUPPRESSED: ReadonlyMap<string, SuppressionReason> = new Map()

/** Looks up which destinations a step may be sent to now, or why there are none. */
export const createReachability = <Account extends ServingAccount>({
  store,
  accounts,
  endpoints,
}: ReachabilityPorts<Account>) => {
  const suppressions = async (tenant: string, channel: Channel, destinations: readonly Destination[]) => {
    const addresses = new Set(
      destinations.flatMap(({ candidates }) => candidates.flatMap(({ address }) => addressOf(address) ?? [])),
    )
    if (addresses.size === 0) return NOT_SUPPRESSED
    const unique = [...addresses]
    const found = await store.suppressions.find(
      tenant,
      unique.map((address) => ({ channel, address })),
    )
    return new Map(
      unique.flatMap((address, index) => {
        const reason = found[index]?.reason
        return reason === undefined ? [] : [[address, reason] as const]
      }),
    )
  }

  const disabled = async (tenant: string, channel: Channel, destinations: readonly Destination[]) => {
    if (channel !== 'webhook') return NONE
    const urls = destinations.flatMap(({ candidates }) =>
      candidates.flatMap((candidate) => webhookUrl(channel, candidate) ?? []),
    )
    const unique = [...new Set(urls)]
    const off = await Promise.all(unique.map((url) => endpoints.disabled(tenant, url)))
    return new Set(unique.filter((_, index) => off[index]))
  }

  const withFacts = async (
    tenant: string,
    channel: Channel,
    destinations: readonly Destination<Account>[],
  ): Promise<readonly Found<Account>[]> => {
    const [suppressed, off] = await Promise.all([
      suppressions(tenant, channel, destinations),
      disabled(tenant, channel, destinations),
    ])
    if (suppressed.size === 0 && off.size === 0) return destinations
    return destinations.map(({ destination, candidates }) => ({
      destination,
      candidates: candidates.map((candidate) => {
        const reason = suppressed.get(addressOf(candidate.address) ?? '')
        return {
          ...candidate,
          ...(reason === undefined ? {} : { suppressed: reason }),
          disabled: off.has(webhookUrl(channel, candidate) ?? ''),
        }
      }),
    }))
  }

  return async (
    step: Step,
    person: { profile: UserProfile; devices: readonly StoredDevice[] },
    { critical, tenancy, now }: { critical: boolean; tenancy: InContext; now: number },
  ): Promise<
    { destinations: readonly Destination<Account>[] } | { destinations?: undefined; decision: StepDecision }
  > => {
    const { tenant, plan, index } = step
    const { channel } = plan[index]!
    const serving = preferredFirst(await accounts.serving(tenant, channel), tenancy, channel)
    // A step that names its destination finds nothing if the device has since been removed.
    const wanted = destinationsOf(channel, serving, person).filter(
      ({ destination }) => step.destination === undefined || destination === step.destination,
    )
    const destinations = await withFacts(tenant, channel, wanted)
    return reach<Candidate<Account> & Reachable, Found<Account>>(
      step,
      { accounts: serving.length, destinations },
      {
        critical,
        now,
      },
    )
  }
}

export type Reachability<Account extends ServingAccount> = ReturnType<typeof createReachability<Account>>
