import type { Channel, Issue, Notification, Plan, Warning } from '@carillon/schemas'
import { addresseesOf } from '../routing/addressees.ts'

type Overridden = Pick<Notification, 'to' | 'overrides'>

/** Maximum recipients of a notification with `cc` or `bcc`: these addresses get a copy of the e-mail to each of them. */
const COPIED_MAX = 10

/** Which URLs may be attached. */
export type AttachmentPolicy = {
  /** Whether http:// links are accepted. */
  insecureLinks: 'refuse' | 'accept'
  /** Returns why a URL can never be requested; undefined if it can. */
  refusal?: (url: string) => string | undefined
}

const copyFaults = ({ to, overrides }: Overridden): Issue[] => {
  const given = (['cc', 'bcc'] as const).filter((field) => (overrides?.email?.[field]?.length ?? 0) > 0)
  if (given.length === 0) return []
  const { users, audiences } = addresseesOf({ to })
  if (audiences.length === 0 && users.length <= COPIED_MAX) return []
  return given.map((field) => ({
    path: ['overrides', 'email', field],
    message: `needs named recipients, at most ${COPIED_MAX}, because these addresses get a copy of each e-mail`,
  }))
}

const urlFaults = ({ overrides }: Overridden, { insecureLinks, refusal }: AttachmentPolicy): Issue[] =>
  (overrides?.email?.attachments ?? []).flatMap((attachment, index) => {
    if (!('url' in attachment)) return []
    const { url } = attachment
    const insecure = insecureLinks === 'refuse' && url.startsWith('http:')
    const message = insecure ? 'must be https; http links are for development' : refusal?.(url)
    if (message === undefined) return []
    return [{ path: ['overrides', 'email', 'attachments', index, 'url'], message }]
  })

/** Returns the faults of overrides that match their schema. */
export const overrideFaults = (notification: Overridden, policy: AttachmentPolicy): Issue[] =>
  notification.overrides ? [...copyFaults(notification), ...urlFaults(notification, policy)] : []

/** Returns warnings about overrides of channels without a step. */
export const ignoredOverrides = (
  { overrides = {} }: Pick<Notification, 'overrides'>,
  plans: readonly Plan[],
): Warning[] => {
  const planned = new Set<Channel>(plans.flatMap((plan) => plan.map(({ channel }) => channel)))
  return Object.keys(overrides)
    .filter((channel) => !planned.has(channel as Channel))
    .map((channel) => ({
      code: 'ignored',
      pointer: `/overrides/${channel}`,
      message: `the plan has no step for ${channel}`,
    }))
}
