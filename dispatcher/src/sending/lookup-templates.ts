import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Step } from '@carillon/core/delivery/step'
import { DIGEST_TYPE } from '@carillon/core/template/digest-type'
import { hasTemplates } from '@carillon/core/template/languages'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import type { TypeTemplates } from '@carillon/core/template/type-templates'
import type { Channel, NotificationType } from '@carillon/schemas'

export type TemplatePorts = {
  cache: Pick<SettingsCache, 'typeVersion' | 'type' | 'revision'>
  prepared: PreparedTypes
}

const isTyped = ({ version, secret }: Step) => version !== undefined && secret === undefined

const nameOf = (step: Step) => {
  const { tenant, type, version, revision, variant = '' } = step
  return isTyped(step) ? `${tenant}\n${type}\n${version}\n${revision}\n${variant}` : `${tenant}\n${type}`
}

/**
 * Looks up the templates of a channel's steps, in the version and revision under which their notifications were accepted. An
 * e-mail without texts of a type, such as a one-time password, has templates if the newest library has a default layout.
 */
export const lookUpTemplates = async (
  { cache, prepared }: TemplatePorts,
  channel: Channel,
  steps: readonly Step[],
): Promise<{
  templates(step: Step): TypeTemplates | undefined
  /** Returns the templates of summaries: the tenant's, if it has its own, then the built-in ones. Only for digests. */
  summaries(step: Step): readonly TypeTemplates[]
  /** Returns the type of a tenant's summaries, if the tenant has its own. Only for digests. */
  summaryType(step: Step): NotificationType | undefined
}> => {
  const framed = channel === 'email'
  const typed = new Map(
    steps.flatMap((step) => (framed || isTyped(step) ? [[nameOf(step), step] as const] : [])),
  )
  const found = new Map<string, TypeTemplates | undefined>()
  const summaries = new Map<string, readonly TypeTemplates[]>()
  const summaryTypes = new Map<string, NotificationType | undefined>()
  const tenants = new Set(steps.flatMap(({ tenant, digest }) => (digest ? [tenant] : [])))
  await Promise.all([
    ...[...typed].map(async ([name, step]) => {
      const { tenant, type, version = 0, variant } = step
      const pinned = isTyped(step) ? await cache.typeVersion(tenant, type, version) : undefined
      const revision = step.revision ?? (framed ? await cache.revision(tenant) : undefined)
      found.set(name, await prepared(tenant, pinned ?? { key: type }, { revision, variant, framed }))
    }),
    ...[...tenants].map(async (tenant) => {
      const [own, revision] = await Promise.all([cache.type(tenant, DIGEST_TYPE.key), cache.revision(tenant)])
      summaryTypes.set(tenant, own)
      const types = own && hasTemplates(own) ? [own, DIGEST_TYPE] : [DIGEST_TYPE]
      const all = await Promise.all(types.map((type) => prepared(tenant, type, { revision, framed })))
      summaries.set(
        tenant,
        all.filter((each) => each !== undefined),
      )
    }),
  ])
  return {
    templates: (step) => found.get(nameOf(step)),
    summaries: ({ tenant }) => summaries.get(tenant) ?? [],
    summaryType: ({ tenant }) => summaryTypes.get(tenant),
  }
}

/** Returns a step without the version of its type, so that its message has the default layout and no texts of the type. */
const withoutType = ({ version: _version, revision: _revision, ...step }: Step): Step => step

/**
 * Returns the templates of steps. If a backend replaced the texts of an item, messages about it have the default layout and no
 * texts of the type.
 */
export const withLiteral = async (
  ports: TemplatePorts,
  channel: Channel,
  {
    steps,
    content,
    typed,
  }: {
    steps: readonly Step[]
    content: (step: Step) => { literal?: boolean | undefined } | undefined
    typed: (step: Step) => TypeTemplates | undefined
  },
): Promise<(step: Step) => TypeTemplates | undefined> => {
  const isLiteral = (step: Step) => content(step)?.literal === true
  const literal = steps.filter(isLiteral)
  if (literal.length === 0) return typed
  const { templates } = await lookUpTemplates(ports, channel, literal.map(withoutType))
  return (step) => (isLiteral(step) ? templates(withoutType(step)) : typed(step))
}
