import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type InContext, lookUpInContext } from '@carillon/core/contexts/in-context'
import { grouped } from '@carillon/core/group-by'
import { renderedItem } from '@carillon/core/render/item'
import { emptyText } from '@carillon/core/routing/template-failure'
import type { Store } from '@carillon/core/store/port'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { KnownUser } from '@carillon/core/store/ports/users'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { hasTemplates } from '@carillon/core/template/languages'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import { scopeOf } from '@carillon/core/template/scope'
import type { TemplateFault, TypeTemplates } from '@carillon/core/template/type-templates'
import type { InboxContent } from '@carillon/schemas'
import type { Ready } from '../intake/ready.ts'
import { decisionEntry } from '../plan/recipients.ts'
import { createdAt, type Entry, hasItem, renderingOf, withContent } from './item.ts'

export type RenderItemsPorts = {
  store: Pick<Store, 'users' | 'decisions'>
  cache: Pick<SettingsCache, 'tenant' | 'context'>
  prepared: PreparedTypes
  metrics: Pick<Metrics, 'templateErrors'>
}

type Rendered = { content: InboxContent; faults: readonly TemplateFault[] }

type Reader = Pick<KnownUser, 'profile' | 'reported'>
const NOBODY: Reader = { profile: {} }

const renderItem = (entry: Entry, templates: TypeTemplates, reader: Reader, tenancy: InContext): Rendered => {
  const { ready, user, type, content } = entry
  const scope = scopeOf(content, { id: user, profile: reader.profile }, tenancy)
  // Not the current time: a redelivery gives the same item.
  const viewer = localeAndZone(reader, tenancy.settings, createdAt(entry))
  const { test } = ready.notification
  return renderedItem(content, { templates, scope, viewer, name: type?.name, test })
}

/** The decision that a text was left empty, wholly or in part. */
const decisionOf = (entry: Entry, templates: TypeTemplates, fault: TemplateFault) => {
  // All who read the same rendering lack the same, so an audience has one row.
  const user = entry.unnamed && !templates.personal ? EVERYBODY : entry.user
  return decisionEntry(entry.ready, user, emptyText(fault, entry.planned.variant, Date.now()))
}

/**
 * Renders the items of a chunk whose type has templates, each in the language and time zone of its user. Profiles are read
 * with one call per tenant, and only for those. People of one language and time zone share a rendering, unless templates
 * use `user`. No item is lost to a template: a text that cannot be rendered is empty, which is counted and recorded.
 */
export const createRenderItems = ({ store, cache, prepared, metrics }: RenderItemsPorts) => {
  const renderTenant = async (tenant: string, entries: readonly [Entry, TypeTemplates][]) => {
    const ids = [...new Set(entries.map(([{ user }]) => user))]
    const contexts = [...new Set(entries.map(([{ ready }]) => ready.notification.context))]
    const [people, ...found] = await Promise.all([
      store.users.get(tenant, ids),
      ...contexts.map((context) => lookUpInContext(cache, tenant, context)),
    ])
    const readers = new Map<string, Reader>(people.map((person) => [person.id, person]))
    const tenancies = new Map(contexts.map((context, index) => [context, found[index]!]))
    const renderings = new Map<InboxContent, Map<string, Rendered>>()
    const decisions = new Map<string, DecisionEntry>()
    const results = entries.map(([entry, templates]) => {
      const reader = readers.get(entry.user) ?? NOBODY
      const tenancy = tenancies.get(entry.ready.notification.context)!
      const { locale = '', timezone } = localeAndZone(reader, tenancy.settings, 0)
      const name = templates.personal ? entry.user : `${locale} ${timezone}`
      const known = renderings.get(entry.content) ?? new Map<string, Rendered>()
      renderings.set(entry.content, known)
      const rendered = known.get(name) ?? renderItem(entry, templates, reader, tenancy)
      if (!known.has(name))
        metrics.templateErrors.inc({ type: entry.ready.notification.type }, rendered.faults.length)
      known.set(name, rendered)
      const [fault] = rendered.faults
      if (fault) {
        const decision = decisionOf(entry, templates, fault)
        decisions.set(`${decision.notification}\n${decision.user}`, decision)
      }
      return withContent(
        entry,
        rendered.content,
        templates.personal ? { personal: true } : { rendering: renderingOf(entry.planned, name) },
      )
    })
    if (decisions.size > 0) await store.decisions.record(tenant, [...decisions.values()])
    return results
  }

  return async (entries: readonly Entry[]): Promise<readonly Entry[]> => {
    /** The templates of each notification, by variant. */
    const found = new Map<Ready, Map<string | undefined, TypeTemplates | undefined>>()
    for (const entry of entries) {
      const { ready, type, planned } = entry
      const { variant } = planned
      if (!type || !hasTemplates(type) || !hasItem(entry) || ready.texts) continue
      const known = found.get(ready) ?? new Map<string | undefined, TypeTemplates | undefined>()
      found.set(ready, known)
      if (!known.has(variant))
        known.set(variant, await prepared(ready.tenant, type, { revision: ready.revision, variant }))
    }
    const templated = entries.flatMap((entry): [Entry, TypeTemplates][] => {
      const templates = hasItem(entry) ? found.get(entry.ready)?.get(entry.planned.variant) : undefined
      return templates ? [[entry, templates]] : []
    })
    if (templated.length === 0) return entries
    const rendered = new Map<Entry, Entry>()
    for (const [tenant, some] of grouped(templated, ([{ ready }]) => ready.tenant)) {
      const results = await renderTenant(tenant, some)
      for (const [index, [entry]] of some.entries()) rendered.set(entry, results[index] ?? entry)
    }
    return entries.map((entry) => rendered.get(entry) ?? entry)
  }
}

export type RenderItems = ReturnType<typeof createRenderItems>
