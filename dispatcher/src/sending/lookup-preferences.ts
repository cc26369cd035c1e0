import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { InContext } from '@carillon/core/contexts/in-context'
import type { Step } from '@carillon/core/delivery/step'
import { grouped } from '@carillon/core/group-by'
import { type Documents, defaultsIn, ownIn } from '@carillon/core/preferences/documents'
import { timesIn } from '@carillon/core/preferences/times'
import {
  type Preference,
  type PreferenceLayers,
  preferenceOf,
  type Subject,
  subjectOf,
} from '@carillon/core/routing/preference'
import type { Store } from '@carillon/core/store/port'
import type { NotificationType } from '@carillon/schemas'

export type PreferencePorts = {
  store: Pick<Store, 'preferences'>
  cache: Pick<SettingsCache, 'typeVersion' | 'transactionalCategories'>
}

const NONE: ReadonlySet<string> = new Set()
const DIRECTLY: Subject['addressed'] = [{ by: 'user' }]
const at = (...parts: string[]) => parts.join('\n')

/**
 * Looks up what people have chosen about a batch of steps, with one read per tenant. They may change it until a step is
 * due, so the store is read, not the cache.
 */
export const lookUpPreferences = async ({ store, cache }: PreferencePorts, steps: readonly Step[]) => {
  const own = new Map<string, Documents>()
  const locked = new Map<string, ReadonlySet<string>>()
  const types = new Map<string, NotificationType | undefined>()
  const typeOf = ({ tenant, type, version }: Step) => at(tenant, type, String(version))

  await Promise.all([
    ...[...grouped(steps, ({ tenant }) => tenant)].flatMap(([tenant, together]) => [
      cache.transactionalCategories(tenant).then((known) => locked.set(tenant, known)),
      store.preferences.get(tenant, [...new Set(together.map(({ user }) => user))]).then((found) => {
        for (const [user, documents] of found) own.set(at(tenant, user), documents)
      }),
    ]),
    ...[...grouped(steps, typeOf)].map(async ([key, [step]]) => {
      if (step?.version !== undefined)
        types.set(key, await cache.typeVersion(step.tenant, step.type, step.version))
    }),
  ])

  const layersOf = ({ tenant, user, context }: Step, tenancy: InContext): PreferenceLayers => ({
    ...ownIn(own.get(at(tenant, user)), context),
    ...defaultsIn(tenancy),
  })

  return {
    /** Returns the type of a step, in the version of its notification. */
    type: (step: Step): NotificationType | undefined => types.get(typeOf(step)),

    /** Returns when the person of a step can be reached. */
    times: (step: Step, tenancy: InContext, now: number) => timesIn(layersOf(step, tenancy), now),

    /** Returns what preferences about a step are looked up by. `category`: of its item. */
    subject: (step: Step, category: string | undefined): Omit<Subject, 'addressed'> => ({
      ...subjectOf(step.type, types.get(typeOf(step)), category, locked.get(step.tenant) ?? NONE),
      ...(step.secret === undefined ? {} : { critical: 'otp' }),
    }),

    of: (step: Step, subject: Omit<Subject, 'addressed'>, tenancy: InContext): Preference => {
      const { topics, plan, index } = step
      const addressed = topics?.map((topic) => ({ by: 'topic' as const, topic })) ?? DIRECTLY
      return preferenceOf({ ...subject, addressed }, plan[index]!.channel, layersOf(step, tenancy))
    },
  }
}
