import type { Notification, Plan, ProblemDetail } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import { ProblemError } from '../errors.ts'

export type LinkPolicy = {
  /** Whether http:// links are accepted. */
  insecureLinks: 'refuse' | 'accept'
  /** The app URL of tenants that have not set one. */
  appUrl?: string
}

type Tenancy = Pick<InContext, 'settings'>

type Linked = Pick<Notification, 'url' | 'image' | 'actions' | 'actor'>

/** Returns every link of a notification with its pointer. */
const linksOf = ({ url, image, actions = [], actor }: Linked): { pointer: string; url: string }[] =>
  [
    { pointer: '/url', url },
    { pointer: '/image', url: image },
    ...actions.map((action, index) => ({ pointer: `/actions/${index}/url`, url: action.url })),
    { pointer: '/actor/avatar', url: actor && 'avatar' in actor ? actor.avatar : undefined },
  ].flatMap((link) => (link.url === undefined ? [] : [{ pointer: link.pointer, url: link.url }]))

/** Returns the URL of the app of a context or tenant, the base of relative links in messages outside the inbox. */
export const appUrlOf = ({ settings }: Tenancy, { appUrl }: Pick<LinkPolicy, 'appUrl'>) =>
  settings.url ?? appUrl

const problem = (code: 'invalid_request' | 'no_app_url', detail: string, errors: ProblemDetail[]) =>
  errors.length === 0 ? undefined : new ProblemError(code, detail, { errors })

/**
 * Checks links beyond their schema. Returns `invalid_request` for http links where they are forbidden, and
 * `no_app_url` for relative links that a plan would send outside the app while the app URL is not set.
 */
export const linkProblem = (
  notification: Linked,
  plan: Plan,
  tenancy: Tenancy,
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
  const relative =
    plan.length === 0 || appUrlOf(tenancy, policy) !== undefined
      ? []
      : found((url) => url.startsWith('/'), 'must be an absolute URL, because the app URL is not set')
  return (
    problem('invalid_request', 'a link is not secure', insecure) ??
    problem(
      'no_app_url',
      'the plan sends a relative link outside the app: set the app URL with PUT /v1/tenant, or send an absolute URL',
      relative,
    )
  )
}
