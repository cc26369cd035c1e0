import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type InContext, inContext, lookUpInContext } from '@carillon/core/contexts/in-context'
import type { Step } from '@carillon/core/delivery/step'

export type ContextPorts = { cache: Pick<SettingsCache, 'tenant' | 'context'> }

const nameOf = ({ tenant, context }: Pick<Step, 'tenant' | 'context'>) => JSON.stringify([tenant, context])
const NOWHERE = inContext({})

/** Looks up the tenants and contexts of steps, each once, in the cache. */
export const lookUpContexts = async (
  { cache }: ContextPorts,
  steps: readonly Pick<Step, 'tenant' | 'context'>[],
): Promise<(step: Pick<Step, 'tenant' | 'context'>) => InContext> => {
  const named = new Map(steps.map((step) => [nameOf(step), step]))
  const found = new Map<string, InContext>()
  await Promise.all(
    [...named].map(async ([name, { tenant, context }]) => {
      found.set(name, await lookUpInContext(cache, tenant, context))
    }),
  )
  return (step) => found.get(nameOf(step)) ?? NOWHERE
}
