import type { Issue, NotificationTypeInput } from '@carillon/schemas'
import { type Place, templateIssues } from './check-template.ts'
import { DIGEST_TYPE } from './digest-type.ts'

type Digested = { digest?: { key?: string | undefined } | undefined }
type Ruled = Pick<NotificationTypeInput, 'throttle'> &
  Digested & { plan?: readonly Digested[] | undefined } & {
    variants?: readonly { plan?: readonly Digested[] | undefined }[] | undefined
  }

/** The variables of the keys of digests and throttles. */
const SCOPE: ReadonlySet<string> = new Set(['data', 'user', 'context', 'tenant'])
/** Keys cannot use the library. */
const PARTIALS = new Map()

const placeOf = (source: string | undefined, ...path: (string | number)[]): Place[] =>
  source === undefined ? [] : [{ path: [...path, 'key'], source, medium: 'text' }]

const placesOfPlan = (plan: readonly Digested[] = [], start: readonly (string | number)[] = []): Place[] =>
  plan.flatMap(({ digest }, index) => placeOf(digest?.key, ...start, 'plan', index, 'digest'))

/** Returns the templates of the keys of a type's digests and of its throttle. */
export const windowKeyPlaces = ({ digest, throttle, plan, variants = [] }: Ruled): Place[] => [
  ...placeOf(digest?.key, 'digest'),
  ...placeOf(throttle?.key, 'throttle'),
  ...placesOfPlan(plan),
  ...variants.flatMap((variant, index) => placesOfPlan(variant.plan, ['variants', index])),
]

const keyIssues = (place: Place): Issue[] => templateIssues(place, { variables: SCOPE, partials: PARTIALS })

/** Returns the faults of the digest keys in a notification's own plan. */
export const planKeyFaults = (plan: readonly Digested[] = []): Issue[] =>
  placesOfPlan(plan).flatMap(keyIssues)

const excessIssues = (key: string, { throttle, digest }: Ruled): Issue[] => {
  if (throttle?.then !== 'digest') return []
  const path = ['throttle', 'then']
  if (key === DIGEST_TYPE.key) return [{ path, message: 'a summary joins no digest' }]
  return digest ? [] : [{ path, message: 'the type has no digest' }]
}

/** Yields the faults of the digests and the throttle of a type. A unit is one template. */
export function* windowFaults(type: Ruled & { key: string }): Generator<Issue[]> {
  yield excessIssues(type.key, type)
  for (const place of windowKeyPlaces(type)) yield keyIssues(place)
}
