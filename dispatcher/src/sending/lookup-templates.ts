import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Step } from '@carillon/core/delivery/step'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import type { TypeTemplates } from '@carillon/core/template/type-templates'

export type TemplatePorts = { cache: Pick<SettingsCache, 'typeVersion'>; prepared: PreparedTypes }

const nameOf = ({ tenant, type, version, revision, variant = '' }: Step) =>
  `${tenant}\n${type}\n${version}\n${revision}\n${variant}`

/** Looks up the templates of steps, in the version and revision under which their notifications were accepted. */
export const lookUpTemplates = async (
  { cache, prepared }: TemplatePorts,
  steps: readonly Step[],
): Promise<(step: Step) => TypeTemplates | undefined> => {
  const typed = new Map(
    steps.flatMap((step) =>
      step.version === undefined || step.secret !== undefined ? [] : [[nameOf(step), step] as const],
    ),
  )
  const found = new Map<string, TypeTemplates | undefined>()
  await Promise.all(
    [...typed].map(async ([name, { tenant, type, version = 0, revision, variant }]) => {
      const pinned = await cache.typeVersion(tenant, type, version)
      found.set(name, await prepared(tenant, pinned, { revision, variant }))
    }),
  )
  return (step) => (step.secret === undefined ? found.get(nameOf(step)) : undefined)
}
