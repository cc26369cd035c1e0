import type { Notification, Plan, ProblemDetail } from '@carillon/schemas'
import { ProblemError } from '../errors.ts'
import type { Tenant } from '../store/ports/tenants.ts'

export type LinkPolicy = {
  /** Whether links may be http:// */
  insecureLinks: 'refuse' | 'accept'
  /** Where the app of a tenant lives that has not said. */
  appUrl?: string
}

type Linked = Pick<Notification, 'url' | 'image' | 'actions' | 'actor'>

/** Every link of a notification, and where it stands. */
const linksOf = ({ url, image, actions = [], actor }: Linked): { pointer: string; url: string }[] =>
  [
    { pointer: '/url', url },
    { pointer: '/image', url: image },
    ...actions.map((action, index) => ({ pointer: `/actions/${index}/url`, url: action.url })),
    { pointer: '/actor/avatar', url: actor && 'avatar' in actor ? actor.avatar : undefined },
  ].flatMap((link) => (link.url === undefined ? [] : [{ pointer: link.pointer, url: link.url }]))

/** Where a tenant's app lives: what paths are relative to in messages that leave the inbox. */
export const appUrlOf = (tenant: Tenant | undefined, { appUrl }: Pick<LinkPolicy, 'appUrl'>) =>
  tenant?.settings.url ?? appUrl

const problem = (code: 'invalid_request' | 'no_app_url', detail: string, errors: ProblemDetail[]) =>
  errors.length === 0 ? undefined : new ProblemError(code, detail, { errors })

/**
 * Checks what a schema cannot know of links. Returns `invalid_request` for http links where they are refused, and
 * `no_app_url` for paths that a plan would send outside the app while nobody knows where the app lives.
 */
export const linkProblem = (
  notification: Linked,
  plan: Plan,
  tenant: Tenant | undefined,
  policy: LinkPolicy,
): ProblemError | undefined => {
  const links = linksOf(notification)
  if (links.length === 0) return undefined
  const found = (test: (url: string) => boolean, message: string) =>
    links.flatMap(({ pointer, url }) => (test(url) ? [{ pointer, message }] : []))
  const insecure =
    policy.insecureLinks === 'accept'
      ? []
      : found((url) => url.startsWith('http:'), 'must be https; http links are for development')
  const homeless =
    plan.length === 0 || appUrlOf(tenant, policy) !== undefined
      ? []
      : found((url) => url.startsWith('/'), 'must be a whole URL as long as nobody knows where the app lives')
  return (
    problem('invalid_request', 'a link is not secure', insecure) ??
    problem(
      'no_app_url',
      'the plan sends a path outside the app: set where the app lives with PUT /v1/tenant, or send a whole URL',
      homeless,
    )
  )
}
