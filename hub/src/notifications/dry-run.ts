import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { ServingAccount } from '@carillon/core/delivery/destinations'
import type { Reachability } from '@carillon/core/delivery/reachability'
import type { Step } from '@carillon/core/delivery/step'
import { unmet } from '@carillon/core/expression/condition'
import type { Live } from '@carillon/core/live/port'
import { presenceOf } from '@carillon/core/live/presence'
import type { Payload } from '@carillon/core/notification/cloudevents'
import { contentOf } from '@carillon/core/notification/content'
import { expiryOf } from '@carillon/core/notification/expiry'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { LinkPolicy } from '@carillon/core/notification/links'
import { previewOf } from '@carillon/core/render/preview'
import { sampleLinks } from '@carillon/core/render/sample-links'
import type { Addressed } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { inWords } from '@carillon/core/routing/explain'
import { firstIndex } from '@carillon/core/routing/first-step'
import { foresee, type Known } from '@carillon/core/routing/foresee'
import { conditionForAll, endOf, type Planned, planning } from '@carillon/core/routing/plan'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { References } from '@carillon/core/template/type-templates'
import type { DryRun, InboxContent, LocalePreview } from '@carillon/schemas'
import type { Acceptance, Validated } from './accept.ts'
import { createFindAudience } from './dry-run-audience.ts'
import { type FactPorts, type Facts, readFacts } from './dry-run-facts.ts'
import { shownDecision } from './shown-decision.ts'

export type DryRunPorts = FactPorts & {
  cache: Pick<SettingsCache, 'library' | 'revision'>
  acceptance: Pick<Acceptance, 'validate'>
  store: Pick<Store, 'users' | 'topics' | 'devices' | 'preferences'>
  live: Pick<Live, 'presence'>
  reachability: Reachability<ServingAccount>
  seal: Seal
}

/** `publicUrl`: of the links in messages, which are samples. */
type DryRunOptions = LinkPolicy & { publicUrl?: string }

/** A notification that is never sent. */
type Draft = Validated & { tenant: string; id: string; at: number; expiresAt: number }

/** Returns the content of its items. */
const contentOfDraft = ({ given, type, priority, id, at }: Draft): InboxContent =>
  contentOf({ id, notification: { ...given, priority }, type, at })

const firstStep = (
  draft: Draft,
  user: string,
  { inbox, steps }: Planned,
  addressed: readonly Addressed[],
): Step => {
  const { tenant, id, given, type, priority, at, expiresAt } = draft
  const topics = addressed.flatMap((way) => (way.by === 'topic' ? [way.topic] : []))
  return {
    ...{ tenant, user, notification: id, type: given.type, priority, at, expiresAt, toAudience: false },
    ...(inbox === 'none' ? { content: { id, ...contentOfDraft(draft) } } : { item: id }),
    ...(inbox === 'silent' ? { silent: true } : {}),
    ...(type ? { version: type.version } : {}),
    ...(given.context === undefined ? {} : { context: given.context }),
    ...(given.plan ? { ownPlan: true } : {}),
    ...(topics.length === addressed.length ? { topics } : {}),
    ...{ plan: steps, index: firstIndex(steps) },
  }
}

/** What would happen to one user. */
type Decided = { user: string; decisions: Decision[]; planned: Planned }

/** Returns what a user would see on the channels that reach them. */
const renderedFor = async (
  draft: Draft,
  { user, planned: { variant }, decisions }: Decided,
  facts: Facts,
  options: DryRunOptions & { seal: Seal },
  names: References | undefined,
): Promise<NonNullable<DryRun['rendered']>> => {
  const { given, type, at, tenant } = draft
  const shown = type ?? { key: given.type }
  const links = await sampleLinks(options.seal, options.publicUrl, { tenant, type: shown, now: at })
  const left = decisions.filter(({ outcome }) => outcome === 'skip' || outcome === 'end')
  const gets = decisions.flatMap((decision) => {
    const { stage, channel, step, outcome } = decision
    const reached = outcome === 'pass' && !left.some((one) => one.channel === channel && one.step === step)
    return channel !== undefined && reached && (stage === 'inbox' || stage === 'condition') ? [channel] : []
  })
  const { locale, timezone, faults, ...channels } = previewOf(
    shown,
    {
      ...{ variant, data: given.data ?? {}, content: contentOfDraft(draft), place: facts.place, now: at },
      ...{ user: facts.user(user), links },
    },
    options,
    names,
  )
  const seen = Object.entries(channels).filter(([channel]) => gets.includes(channel as never))
  return {
    ...{ user, locale, timezone },
    ...(Object.fromEntries(seen) as Partial<LocalePreview>),
    faults: faults.filter(({ channel }) => channel !== undefined && gets.includes(channel)),
  }
}

/**
 * Creates the function that tells what would happen to a notification. It decides by the same functions as the dispatcher,
 * and takes no id, permit or place in a limit. It stores and sends nothing.
 */
export const createDryRun = (ports: DryRunPorts, options: DryRunOptions) => {
  const { acceptance, store, live, reachability, cache, seal } = ports
  const findAudience = createFindAudience(store)

  /** Returns the decisions about the steps of one user's plan. */
  const steps = async (
    draft: Draft,
    user: string,
    {
      planned,
      addressed,
      facts,
      presence,
    }: {
      planned: Planned
      addressed: readonly Addressed[]
      facts: Facts
      presence: Known['presence']
    },
  ): Promise<Decision[]> => {
    if (planned.steps.length === 0) return []
    const { data } = draft.given
    const { profile } = facts.user(user)
    const person = { profile, devices: facts.devices(user) }
    const critical = facts.subject.critical !== undefined
    return foresee(firstStep(draft, user, planned, addressed), {
      presence,
      preference: (channel) => facts.preference(user, addressed, channel),
      unmet: (step) =>
        unmet(step.plan[step.index]?.if, {
          ...{ data, place: facts.place },
          user: { id: user, profile },
        }),
      unreachable: async (step, now) => {
        const found = await reachability(step, person, { critical, place: facts.place, now })
        return found.destinations ? undefined : found.decision
      },
    })
  }

  /** Throws what the acceptance of the notification throws. */
  return async (tenant: string, read: () => Payload): Promise<DryRun> => {
    const validated = await acceptance.validate(tenant, read)
    const { given, type, warnings } = validated
    const at = Math.max(Date.now(), given.deliverAt === undefined ? 0 : Date.parse(given.deliverAt))
    const ends = expiryOf(given, type, at)
    const expiresAt = ends === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(ends)
    const draft: Draft = { ...validated, ...{ tenant, at, expiresAt, id: derivedUuid7(at, 'dry run') } }
    const { count, more, sample } = await findAudience(tenant, given)
    const users = [...sample.keys()]
    const [facts, presences] = await Promise.all([
      readFacts(ports, tenant, validated, users),
      presenceOf(
        live,
        users.map((user) => ({ tenant, user, context: given.context })),
      ),
    ])
    const { subject, place } = facts
    const split = { tenant, type: given.type }
    const sent = { notification: given, type, split, expiresAt, subject, place }
    const planFor = planning(sent, at)
    const forAll = conditionForAll(sent, at)
    const decide = async (
      [user, addressed]: [string, readonly Addressed[]],
      index: number,
    ): Promise<Decided> => {
      const more = { profile: facts.user(user).profile, erased: facts.isErased(user) }
      const planned = planFor({ user, addressed, preferences: facts.preferences(user), ...more })
      const end = endOf(planned) ?? forAll
      if (end) return { user, decisions: [end], planned: { ...planned, inbox: 'none', steps: [] } }
      const recipient: Decision = { at, stage: 'audience', outcome: 'pass', by: 'sender', path: 'to' }
      const presence = presences[index] ?? 'away'
      const sending = await steps(draft, user, { planned, addressed, facts, presence })
      return { user, decisions: [recipient, ...planned.decisions, ...sending], planned }
    }
    const decided = await Promise.all([...sample].map(decide))
    const names = await cache.library(tenant, await cache.revision(tenant))
    const first = decided.find(({ planned }) => planned.inbox !== 'none' || planned.steps.length > 0)
    return {
      recipients: { count, ...(more && { more }), sample: users },
      decisions: decided.map(({ user, decisions }) => ({
        user,
        decisions: decisions.map((decision) => shownDecision(inWords(decision))),
      })),
      ...(first && { rendered: await renderedFor(draft, first, facts, { ...options, seal }, names) }),
      ...(warnings.length > 0 && { warnings }),
    }
  }
}

export type DryRunOf = ReturnType<typeof createDryRun>
