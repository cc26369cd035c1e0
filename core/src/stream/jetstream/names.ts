/** The streams by purpose. */
export type StreamKind = 'NOTIFY' | 'WORK' | 'DEAD' | 'EVENT'

/**
 * The names of one installation in JetStream. Streams and consumers carry its namespace, and so do the subjects
 * that only Carillon uses: `work.low.…` travels as `work.<namespace>.low.…`. The subjects of others (`notify.`,
 * `dead.`, `event.`) stay as they are. Notifications of the tenants in `own`, who have a stream of their own, travel as
 * `own.<tenant>.…`.
 */
export const namesOf = (namespace: string, own: readonly string[] = []) => {
  const [work, schedule] = [`work.${namespace}.`, `schedule.${namespace}.`]
  const stream = (kind: StreamKind) => `${kind}_${namespace}`
  const tenants = new Set(own)
  return {
    namespace,
    own,
    stream,
    /** The stream of a tenant's own notifications. */
    ownStream: (tenant: string) => `NOTIFY-${tenant}_${namespace}`,
    consumer: (queue: string) => `${queue}_${namespace}`,
    /** A subject or filter as it is on the wire. */
    scoped: (subject: string): string => {
      if (subject.startsWith('work.')) return work + subject.slice('work.'.length)
      if (subject.startsWith('schedule.')) return schedule + subject.slice('schedule.'.length)
      if (tenants.size === 0 || !subject.startsWith('notify.')) return subject
      const [, tenant = '', ...rest] = subject.split('.')
      return tenants.has(tenant) ? ['own', tenant, ...rest].join('.') : subject
    },
    /** The subject that `scoped` was given. */
    unscoped: (subject: string): string =>
      subject.startsWith(work) ? `work.${subject.slice(work.length)}` : subject,
  }
}

export type Names = ReturnType<typeof namesOf>
