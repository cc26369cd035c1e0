import { RunWork } from '@carillon/core/schedules/run-message'
import type { Outcome } from '../consumer/consumer.ts'
import { workKind } from '../consumer/work-kind.ts'
import { createRun, type RunPorts } from './run.ts'

/** Creates the kind of work of schedules. If a run's notification is refused, the message becomes a dead letter with the reason. */
export const createRunKind = (ports: RunPorts) => {
  const run = createRun(ports)
  return workKind({
    schema: RunWork,
    handle: async (works) => {
      const outcomes: Outcome[] = []
      for (const { message, subject, body } of works) {
        const reason = await run(subject.tenant, body)
        outcomes.push(reason ? { message, reason } : { message })
      }
      return outcomes
    },
  })
}
