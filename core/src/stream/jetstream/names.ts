import type { WaitReason } from '@carillon/schemas'

/** Base names of the streams. */
export type StreamKind = 'NOTIFY' | 'WORK' | 'DEAD' | 'EVENT'

/**
 * Returns the names of one installation in JetStream. Streams, consumers and internal subjects contain its
 * namespace: `work.low.…` becomes `work.<namespace>.low.…`. Public subjects (`notify.`, `dead.`, `event.`) do
 * not change. Tenants in `own` have their own streams, which receive their notifications as `own.<tenant>.…`.
 */
export const namesOf = (namespace: string, own: readonly string[] = []) => {
  const [work, schedule] = [`work.${namespace}.`, `schedule.${namespace}.`]
  const stream = (kind: StreamKind) => `${kind}_${namespace}`
  const tenants = new Set(own)
  return {
    namespace,
    own,
    stream,
    /** The NOTIFY stream of a tenant in `own`. */
    ownStream: (tenant: string) => `NOTIFY-${tenant}_${namespace}`,
    consumer: (queue: string) => `${queue}_${namespace}`,
    /** The consumer that counts what waits for a reason. */
    counter: (reason: WaitReason) => `waiting-${reason}_${namespace}`,
    /** Returns a subject or filter as sent to NATS. */
    scoped: (subject: string): string => {
      if (subject.startsWith('work.')) return work + subject.slice('work.'.length)
      if (subject.startsWith('schedule.')) return schedule + subject.slice('schedule.'.length)
      if (tenants.size === 0 || !subject.startsWith('notify.')) return subject
      const [, tenant = '', ...rest] = subject.split('.')
      return tenants.has(tenant) ? ['own', tenant, ...rest].join('.') : subject
    },
    /** Inverse of `scoped`. */
    unscoped: (subject: string): string =>
      subject.startsWith(work) ? `work.${subject.slice(work.length)}` : subject,
  }
}

export type Names = ReturnType<typeof namesOf>
