import type { Choice, Preferences } from '@carillon/schemas'
import type { Subject } from '../preference.ts'

/** All that decides about one user: own preferences, and the defaults of tenant and contexts. */
export type World = {
  general?: Preferences | undefined
  /** Own preferences by context. */
  own: Readonly<Record<string, Preferences>>
  tenant?: Preferences | undefined
  /** Defaults by context. */
  defaults: Readonly<Record<string, Preferences>>
  /** The context of the notification, which need not exist. */
  context?: string | undefined
}

/** An owner of preferences. `personal`: it is the user. */
type Owner = { by: string; personal: boolean; document: Preferences | undefined }

export type Verdict = { on: boolean; pace: unknown; by: string; path?: string; reason?: string }

const at = (document: Preferences | undefined, ...path: string[]): unknown =>
  path.reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], document)

const off = (by: string, reason: string, path: string): Verdict => ({
  on: false,
  pace: true,
  by,
  reason,
  path,
})

/** The owners in rounds: the user decides in the context and in general alike, then each default on its own. */
const roundsOf = ({ general, own, tenant, defaults, context = 'no such context' }: World): Owner[][] => [
  [
    { by: 'user_context', personal: true, document: own[context] },
    { by: 'user', personal: true, document: general },
  ],
  [{ by: 'context', personal: false, document: defaults[context] }],
  [{ by: 'tenant', personal: false, document: tenant }],
]

const muted = (owners: readonly Owner[], addressed: Subject['addressed']): Verdict | undefined => {
  for (const { document, by } of owners) if (document?.muted) return off(by, 'muted', 'muted')
  const topics = addressed.map((way) => {
    const topic = way.by === 'topic' ? way.topic : ''
    const owner = owners.find(({ document }) => at(document, 'topics', topic) === false)
    return owner && off(owner.by, 'topic_muted', `topics.${topic}`)
  })
  return topics.every(Boolean) ? topics[0] : undefined
}

/**
 * Decides by a list of rules: the first one that gives an answer decides. Shares no code with what it is compared with. It
 * knows the contexts of a world, and picks what holds in that of the notification.
 */
export const modelOf = (subject: Subject, channel: string, world: World): Verdict => {
  const { type, category = 'none', critical, transactional, defaults } = subject
  if (critical) return { on: true, pace: true, by: critical === 'otp' ? 'system' : 'type', reason: critical }
  const always = transactional && { on: true, pace: true, by: transactional.by, reason: 'transactional' }
  let pace: { value: unknown; by: string; path: string } | undefined
  for (const owners of roundsOf(world)) {
    const personal = owners[0]?.personal === true
    if (personal && transactional) continue
    const silenced = personal ? muted(owners, subject.addressed) : undefined
    if (silenced) return silenced
    const reason = personal ? 'opted_out' : 'default_off'
    const closed = owners.find(({ document }) => at(document, 'channels', channel) === false)
    if (closed) return off(closed.by, reason, `channels.${channel}`)
    const rows = [
      ['types', type, channel],
      ['types', type, 'all'],
      ['categories', category, channel],
      ['categories', category, 'all'],
      ['channels', channel],
    ].flatMap((path) => owners.map(({ by, document }) => ({ path, by, value: at(document, ...path) })))
    const hit = rows.find(({ value }) => value !== undefined)
    if (!hit) continue
    const path = hit.path.join('.')
    if (hit.value === false) return off(hit.by, reason, path)
    pace ??= { value: hit.value, by: hit.by, path }
    const isNarrow = hit.path.length === 3 && hit.path[2] === channel
    if (isNarrow) return always ?? { on: true, pace: pace.value, by: pace.by, path: pace.path }
  }
  const byDefault: Choice | undefined = defaults?.[channel]
  if (byDefault === false) return off('type', 'default_off', `defaults.${channel}`)
  if (always) return always
  if (pace) return { on: true, pace: pace.value, by: pace.by, path: pace.path }
  return byDefault === undefined
    ? { on: true, pace: true, by: 'system' }
    : { on: true, pace: byDefault, by: 'type', path: `defaults.${channel}` }
}
