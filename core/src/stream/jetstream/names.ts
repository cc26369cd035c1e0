/** The streams by purpose. */
export type StreamKind = 'NOTIFY' | 'WORK' | 'DEAD' | 'EVENT'

/**
 * The names of one installation in JetStream. Streams and consumers carry its namespace, and so do the subjects
 * that only Carillon uses: `work.low.…` travels as `work.<namespace>.low.…`. The subjects of others (`notify.`,
 * `dead.`, `event.`) stay as they are.
 */
export const namesOf = (namespace: string) => {
  const [work, schedule] = [`work.${namespace}.`, `schedule.${namespace}.`]
  return {
    namespace,
    stream: (kind: StreamKind) => `${kind}_${namespace}`,
    consumer: (lane: string) => `${lane}_${namespace}`,
    /** A subject or filter as it is on the wire. */
    scoped: (subject: string): string => {
      if (subject.startsWith('work.')) return work + subject.slice('work.'.length)
      return subject.startsWith('schedule.') ? schedule + subject.slice('schedule.'.length) : subject
    },
    /** The subject that `scoped` was given. */
    unscoped: (subject: string): string =>
      subject.startsWith(work) ? `work.${subject.slice(work.length)}` : subject,
  }
}

export type Names = ReturnType<typeof namesOf>
