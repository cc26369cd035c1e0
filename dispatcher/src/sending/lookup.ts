import type { InContext } from '@carillon/core/contexts/in-context'
import type { Step } from '@carillon/core/delivery/step'
import { unmet, usesUser } from '@carillon/core/expression/condition'
import type { Live } from '@carillon/core/live/port'
import { presenceOf } from '@carillon/core/live/presence'
import type { StepDecision } from '@carillon/core/routing/decision'
import { digestRuleOf, frequencyOf } from '@carillon/core/routing/digest'
import { hasBegun, needsPresence, type StepFacts, wanted } from '@carillon/core/routing/due-step'
import type { Subject } from '@carillon/core/routing/preference'
import type { Store } from '@carillon/core/store/port'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { TypeTemplates } from '@carillon/core/template/type-templates'
import { digestOf } from '@carillon/core/template/window-key'
import type { Channel, ItemContent, NotificationType } from '@carillon/schemas'
import type { Covered, MembersOf } from '../digests/members.ts'
import { amendedContent } from './amended-content.ts'
import { type CategoryPorts, lookUpCategories } from './lookup-categories.ts'
import { type ContextPorts, lookUpContexts } from './lookup-contexts.ts'
import { lookUpItems } from './lookup-items.ts'
import { lookUpPeople, type Person } from './lookup-people.ts'
import { lookUpPreferences, type PreferencePorts } from './lookup-preferences.ts'
import { lookUpTemplates, type TemplatePorts, withLiteral } from './lookup-templates.ts'
import { lookUpUnread } from './lookup-unread.ts'

/** The steps left in a digest, oldest first, and those that are no longer wanted. */
export type Members = {
  left: readonly Step[]
  /** The digests among its members, which are sent as part of it. */
  digests: readonly Step[]
  out: readonly { step: Step; decision: StepDecision }[]
}

/** The data looked up for a batch of steps. */
export type Known = {
  facts(step: Step, now: number): StepFacts
  /** Returns what became of the steps in a digest; undefined for any other step. */
  members(step: Step, now: number): Members | undefined
  /** Returns the content of a step's item, or the step's own; undefined for a one-time password and a digest. */
  content(step: Step): ItemContent | undefined
  person(step: Step): Person
  /** Returns the number of the user's unread items. It is read on the first call. */
  unread(step: Step): Promise<number>
  /** Returns the tenant and the context of a step. */
  tenancy(step: Step): InContext
  /** Returns the type of a step, in the version of its notification. */
  type(step: Step): NotificationType | undefined
  /** Returns the name of a category of a tenant in a language, else its key. Only for digests. */
  categoryName(tenant: string, key: string, locale: string | undefined): string
  /** Returns the templates of its type, or those that put its e-mail into the default layout; undefined without either. */
  templates(step: Step): TypeTemplates | undefined
  /** Returns the templates of digests whose type has none, or whose templates fail. */
  summaries(step: Step): readonly TypeTemplates[]
  /** Returns the tenant's own type of summaries; undefined if it has none. */
  summaryType(step: Step): NotificationType | undefined
  /** Returns what preferences about the step are looked up by. */
  subject(step: Step): Omit<Subject, 'addressed'>
}

export type LookupPorts = {
  store: Pick<Store, 'inbox' | 'users' | 'devices' | 'notifications'>
  live: Pick<Live, 'presence'>
  membersOf: MembersOf
} & TemplatePorts &
  ContextPorts &
  CategoryPorts &
  PreferencePorts

const at = (...parts: string[]) => parts.join('\n')

/** Looks up the presence of the users whose steps depend on it. */
const presences = async (live: LookupPorts['live'], steps: readonly Step[]) => {
  const asked = steps
    .filter(needsPresence)
    .map(({ tenant, user, context = '' }) => ({ tenant, user, context }))
  const found = await presenceOf(live, asked)
  const byViewer = new Map(
    asked.map(({ tenant, user, context }, index) => [at(tenant, user, context), found[index]]),
  )
  return ({ tenant, user, context = '' }: Step) => byViewer.get(at(tenant, user, context))
}

const digestName = ({ tenant, digest }: Step) => at(tenant, digest?.id ?? '')

/** Reads the steps in digests. One digest after the other, because each may be large. */
const lookUpMembers = async (membersOf: MembersOf, steps: readonly Step[]) => {
  const found = new Map<string, Covered>()
  for (const step of steps) if (step.digest) found.set(digestName(step), await membersOf(step))
  return found
}

/** Decides again about the steps in a digest. */
const stillWanted = ({ steps, digests }: Covered, decide: (step: Step) => StepDecision): Members => {
  const decided = steps.map((step) => ({ step, decision: decide(step) }))
  const isOut = ({ decision: { outcome } }: { decision: StepDecision }) =>
    outcome === 'skip' || outcome === 'end'
  return {
    digests,
    left: decided.filter((each) => !isOut(each)).map(({ step }) => step),
    out: decided.filter(isOut),
  }
}

/** Returns the condition of a step; undefined if it has none or was found to hold before. */
const conditionOf = (step: Step): string | undefined =>
  hasBegun(step) || step.destination !== undefined ? undefined : step.plan[step.index]?.if

/**
 * Looks up what a batch of one channel's steps needs, with one read for each tenant, person and notification among them. Of
 * a person it reads what the channel needs, the profile or the devices, and what templates, conditions and local times need:
 * the profile.
 */
export const lookUp = async (ports: LookupPorts, channel: Channel, due: readonly Step[]): Promise<Known> => {
  const { store, live } = ports
  const inDigests = await lookUpMembers(ports.membersOf, due)
  const steps =
    inDigests.size === 0 ? due : [...due, ...[...inDigests.values()].flatMap(({ steps }) => steps)]
  const typed = await lookUpTemplates(ports, channel, steps)
  const { summaries, summaryType } = typed
  const [found, presence, preferences, tenancy, categoryName] = await Promise.all([
    lookUpItems(store, steps),
    presences(live, steps),
    lookUpPreferences(ports, steps),
    lookUpContexts(ports, steps),
    lookUpCategories(ports, due),
  ])
  const ownContent = (step: Step) =>
    step.content && amendedContent(step.tenant, step.content, preferences.type(step), found.amendments(step))
  const content = (step: Step) => found.item(step) ?? ownContent(step)
  const templates = await withLiteral(ports, channel, { steps, content, typed: typed.templates })
  const subject = (step: Step) => preferences.subject(step, content(step)?.category)
  const preference = (step: Step) => preferences.of(step, subject(step), tenancy(step))
  const digestRule = (step: Step) => digestRuleOf(step, preferences.type(step))
  const isLocal = (step: Step): boolean => {
    const { quietHours } = preferences.times(step, tenancy(step), 0)
    if (quietHours && quietHours.timezone === undefined) return true
    const window = frequencyOf(channel, preference(step)) ?? digestRule(step)?.rule.window
    return typeof window === 'string' && window !== 'immediate'
  }
  const hasKey = (step: Step) =>
    digestRule(step)?.rule.key !== undefined || preferences.type(step)?.throttle?.key !== undefined
  const readsProfile = (step: Step) =>
    step.secret !== undefined ||
    templates(step) !== undefined ||
    usesUser(conditionOf(step)) ||
    hasKey(step) ||
    isLocal(step)
  const person = await lookUpPeople(store, channel, steps, readsProfile)

  const userOf = (step: Step) => ({ id: step.user, profile: person(step).profile })
  const unmetOf = (step: Step) =>
    unmet(conditionOf(step), { data: content(step)?.data, user: userOf(step), tenancy: tenancy(step) })
  const digestFor = (step: Step) =>
    digestOf(step, preferences.type(step), {
      content: content(step),
      user: userOf(step),
      tenancy: tenancy(step),
    })
  const ownFacts = (step: Step, now: number): StepFacts => {
    const reason = unmetOf(step)
    const known = presence(step)
    return {
      item: found.item(step),
      cancelled: found.isCancelled(step),
      erased: found.isErased(step),
      ...(known && { presence: known }),
      ...(reason && { unmet: reason }),
      ...(step.digest ? {} : { preference: preference(step), digest: digestFor(step) }),
      times: {
        ...preferences.times(step, tenancy(step), now),
        zone: localeAndZone(person(step), tenancy(step).settings, now).timezone,
      },
      now,
    }
  }
  const membersKnown = new Map<string, Members>()
  const members = (step: Step, now: number): Members | undefined => {
    const all = inDigests.get(digestName(step))
    if (!all) return undefined
    const known = membersKnown.get(digestName(step))
    if (known) return known
    const fresh = stillWanted(all, (each) => wanted(each, ownFacts(each, now)))
    membersKnown.set(digestName(step), fresh)
    return fresh
  }
  return {
    facts: (step, now) => {
      const inside = members(step, now)
      return { ...ownFacts(step, now), ...(inside && { left: inside.left.length }) }
    },
    members,
    subject,
    content,
    templates,
    summaries,
    summaryType,
    tenancy,
    categoryName,
    type: preferences.type,
    person,
    unread: lookUpUnread(store),
  }
}
