import type { ServingAccount } from '@carillon/core/delivery/destinations'
import type { Reachability } from '@carillon/core/delivery/reachability'
import { unmet } from '@carillon/core/expression/condition'
import type { Live } from '@carillon/core/live/port'
import { presenceOf } from '@carillon/core/live/presence'
import type { Payload } from '@carillon/core/notification/cloudevents'
import type { Addressed } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { deliveryTime, type Timing, timeDecision } from '@carillon/core/routing/delivery-time'
import { inWords, withVariant } from '@carillon/core/routing/explain'
import { conditionForAll, endOf, type Planned, planning } from '@carillon/core/routing/plan'
import { type SimulationInput, simulate } from '@carillon/core/routing/simulate'
import type { Store } from '@carillon/core/store/port'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import { digestOf } from '@carillon/core/template/window-key'
import type { DryRun } from '@carillon/schemas'
import type { Acceptance } from './accept.ts'
import { createFindAudience } from './dry-run-audience.ts'
import { type Draft, draftOf, expiryOfDraft, firstStepOf } from './dry-run-draft.ts'
import { type FactPorts, type Facts, readFacts } from './dry-run-facts.ts'
import { createMessages, type MessageOptions, type MessagePorts, type Messages } from './dry-run-messages.ts'
import { shownDecision } from './shown-decision.ts'

export type DryRunPorts = FactPorts &
  MessagePorts & {
    acceptance: Pick<Acceptance, 'validate'>
    store: Pick<Store, 'topics'>
    live: Pick<Live, 'presence'>
    reachability: Reachability<ServingAccount>
  }

/** The result for one user. `messages`: what the user would get; absent if nothing. */
type Decided = { user: string; decisions: readonly Decision[]; messages?: Messages }

/** A recipient who gets something. */
type Recipient = {
  user: string
  planned: Planned
  addressed: readonly Addressed[]
  presence: SimulationInput['presence']
  messages: Messages
}

/**
 * Creates the function that dry-runs a notification. It decides and renders with the same functions as the
 * dispatcher, but takes no id, permit or slot. It stores and sends nothing.
 */
export const createDryRun = (ports: DryRunPorts, options: MessageOptions) => {
  const { acceptance, store, live, reachability } = ports
  const findAudience = createFindAudience(store)
  const createRenderings = createMessages(ports, options)

  /** Returns the decisions about the steps of one user's plan. */
  const steps = async (
    draft: Draft,
    facts: Facts,
    { user, planned, addressed, presence, messages }: Recipient,
  ): Promise<readonly Decision[]> => {
    if (planned.steps.length === 0) return []
    const { data } = draft.given
    const { profile } = facts.user(user)
    const person = { profile, devices: facts.devices(user) }
    const critical = facts.subject.critical !== undefined
    const { content } = messages
    return simulate(firstStepOf(draft, user, { planned, addressed, content }), {
      presence,
      preference: (channel) => facts.preference(user, addressed, channel),
      times: (now) => facts.times(user, now),
      digest: (step) =>
        digestOf(step, draft.type, { content, user: { id: user, profile }, tenancy: facts.tenancy }),
      unmet: (step) =>
        unmet(step.plan[step.index]?.if, {
          ...{ data, tenancy: facts.tenancy },
          user: { id: user, profile },
        }),
      sending: async (step, now) => {
        const found = await reachability(step, person, { critical, tenancy: facts.tenancy, now })
        return found.destinations ? messages.decide(step, now) : [found.decision]
      },
    })
  }

  /** Throws the errors of accepting the notification. */
  return async (tenant: string, read: () => Payload): Promise<DryRun> => {
    const validated = await acceptance.validate(tenant, read)
    const { given, times, type, warnings } = validated
    const now = Date.now()
    const timing: Timing = { ...times, late: given.late, expiresAfter: type?.expiresAfter, asked: now }
    const { count, more, sample } = await findAudience(tenant, given)
    const users = [...sample.keys()]
    const [facts, presences] = await Promise.all([
      readFacts(ports, tenant, validated, users),
      presenceOf(
        live,
        users.map((user) => ({ tenant, user, context: given.context })),
      ),
    ])
    const { subject, tenancy } = facts
    const split = { tenant, type: given.type }
    const messagesFor = await createRenderings({ tenant, given, type }, facts, now)
    const decide = async (
      [user, addressed]: [string, readonly Addressed[]],
      index: number,
    ): Promise<Decided> => {
      const time = deliveryTime(timing, localeAndZone(facts.user(user), tenancy.settings, now).timezone)
      const untimely = timeDecision(timing, time, now)
      const draft = draftOf(tenant, validated, time, now)
      const { at } = draft
      const sent = { notification: given, type, split, expiresAt: expiryOfDraft(draft), subject, tenancy }
      const more = { profile: facts.user(user).profile, erased: facts.isErased(user) }
      const planned = planning(sent, at)({ user, addressed, preferences: facts.preferences(user), ...more })
      const before = untimely ? [untimely] : []
      if (untimely?.outcome === 'end') return { user, decisions: before }
      const end = endOf(planned) ?? conditionForAll(sent, at)
      if (end) return { user, decisions: [...before, end] }
      const to: Decision = { at, stage: 'audience', outcome: 'pass', by: 'sender', path: 'to' }
      const presence = presences[index] ?? 'away'
      const messages = await messagesFor(draft, user, planned)
      const { empty } = messages
      const inbox = empty
        ? [...planned.decisions.filter(({ stage }) => stage !== 'inbox'), empty]
        : planned.decisions
      const sending = await steps(draft, facts, { user, planned, addressed, presence, messages })
      const gets = planned.inbox !== 'none' || planned.steps.length > 0
      return {
        ...{ user, decisions: withVariant([...before, to, ...inbox, ...sending], planned.variant) },
        ...(gets && { messages }),
      }
    }
    const decided = await Promise.all([...sample].map(decide))
    const rendered = decided.find(({ messages }) => messages !== undefined)?.messages?.shown()
    return {
      recipients: { count, ...(more && { more }), sample: users },
      decisions: decided.map(({ user, decisions }) => ({
        user,
        decisions: decisions.map((decision) => shownDecision(inWords(decision))),
      })),
      ...(rendered && { rendered }),
      ...(warnings.length > 0 && { warnings }),
    }
  }
}

export type DryRunOf = ReturnType<typeof createDryRun>
