import type { InContext } from '@carillon/core/contexts/in-context'
import type { Endpoints } from '@carillon/core/delivery/endpoints'
import type { Step } from '@carillon/core/delivery/step'
import type { StepDecision } from '@carillon/core/routing/decision'
import { type Reachable, reach } from '@carillon/core/routing/reach'
import type { Store } from '@carillon/core/store/port'
import type { Channel, SuppressionReason } from '@carillon/schemas'
import type { AccountBook } from './accounts.ts'
import { addressOf } from './address.ts'
import { type Candidate, type Destination, destinationsOf, webhookUrl } from './destinations.ts'
import type { Person } from './lookup.ts'
import { preferredFirst } from './senders.ts'

export type ReachabilityPorts = {
  store: Pick<Store, 'suppressions'>
  accounts: AccountBook
  endpoints: Pick<Endpoints, 'disabled'>
}

type Found = Omit<Destination, 'candidates'> & { candidates: readonly (Candidate & Reachable)[] }

const NONE: ReadonlySet<string> = new Set()
const NOT_SUPPRESSED: ReadonlyMap<string, SuppressionReason> = new Map()

/** Looks up which destinations a step may be sent to now, or why there are none. */
export const createReachability = ({ store, accounts, endpoints }: ReachabilityPorts) => {
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
    destinations: readonly Destination[],
  ): Promise<readonly Found[]> => {
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
    person: Person,
    { critical, place, now }: { critical: boolean; place: InContext; now: number },
  ): Promise<
    { destinations: readonly Destination[] } | { destinations?: undefined; decision: StepDecision }
  > => {
    const { tenant, plan, index } = step
    const { channel } = plan[index]!
    const serving = preferredFirst(await accounts.serving(tenant, channel), place, channel)
    // A step that names its destination finds nothing if the device has since been removed.
    const wanted = destinationsOf(channel, serving, person).filter(
      ({ destination }) => step.destination === undefined || destination === step.destination,
    )
    const destinations = await withFacts(tenant, channel, wanted)
    return reach<Candidate & Reachable, Found>(
      step,
      { accounts: serving.length, destinations },
      {
        critical,
        now,
      },
    )
  }
}

export type Reachability = ReturnType<typeof createReachability>
