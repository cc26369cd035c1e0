import { CHANNELS, type Channel } from '../delivery/channel.ts'
import { PRIORITIES, type Priority, priorityOf } from '../fields/priority.ts'
import { quoted, SubjectError } from './subject-error.ts'

/**
 * A queue of the event log that dispatchers read: one per family or channel and priority. Reports have their
 * own queue, so that a burst of them delays nothing else.
 */
export type Queue = `${'notify' | 'work' | Channel}-${Priority}` | 'report-normal'

/** Returns the queue of a subject. Throws `SubjectError` if there is none. */
export const queueOf = (subject: string): Queue => {
  const [family, second, third, fourth] = subject.split('.')
  if (family === 'work' && second === 'report' && third && fourth === 'normal') return 'report-normal'
  if (family === 'work' && second === 'step') {
    const channel = CHANNELS.find((each) => each === third)
    const urgency = priorityOf(fourth)
    if (channel && urgency) return `${channel}-${urgency}`
  }
  const priority = priorityOf(third)
  if ((family === 'notify' || family === 'work') && second && priority) return `${family}-${priority}`
  const advice =
    family === 'notify' && second && third ? `: its priority must be one of ${PRIORITIES.join(', ')}` : ''
  throw new SubjectError(`no queue carries ${quoted(subject)}${advice}`)
}

/** Returns the NATS filter for the subjects of a queue. */
export const queueFilter = (queue: Queue) => {
  const [family, priority] = queue.split('-')
  if (family === 'notify') return `notify.*.${priority}.>`
  if (family === 'report') return `work.report.*.${priority}.*`
  return family === 'work' ? `work.*.${priority}.*` : `work.step.${family}.${priority}.*`
}
