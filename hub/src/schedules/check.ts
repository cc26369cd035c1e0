import { cronFault } from '@carillon/core/calendar/recurrence'
import { ProblemError } from '@carillon/core/errors'
import { invalidRequest } from '@carillon/core/json/checked'
import { pathOf } from '@carillon/core/json/pointer'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Issue, ScheduleInput, Warning } from '@carillon/schemas'
import { uuidv7 } from 'uuidv7'
import type { Acceptance } from '../notifications/accept.ts'

const PLACE = 'notification'

const cronFaults = ({ cron }: ScheduleInput): Issue[] => {
  const message = cronFault(cron)
  return message === undefined ? [] : [{ path: ['cron'], message }]
}

/** Returns the notification of a run, as it would be sent. */
const payloadOf = ({ notification }: ScheduleInput) => ({ value: notification, at: [PLACE] })

/**
 * Checks the parts of a schedule that its schema cannot express: its cron expression, and its notification as if it were sent
 * now. Resolves with the warnings. Throws `invalid_request` and every problem that sending would throw.
 */
export const checkSchedule = async (
  acceptance: Pick<Acceptance, 'check'>,
  sender: Pick<Sender, 'tenant' | 'key'>,
  definition: ScheduleInput,
): Promise<Warning[]> => {
  const faults = cronFaults(definition)
  if (faults.length > 0) throw invalidRequest(faults, 'body')
  return (await acceptance.check(sender, () => payloadOf(definition), uuidv7)).warnings
}

const issuesOf = ({ problem, message }: ProblemError): Issue[] =>
  problem.errors?.map((error) => ({ path: pathOf(error.pointer), message: error.message })) ?? [
    { path: [PLACE], message },
  ]

/** Returns the faults of a schedule. `isDefined`: whether its type is one that can be looked up already. */
export const scheduleFaults = async (
  acceptance: Pick<Acceptance, 'validate'>,
  tenant: string,
  definition: ScheduleInput,
  isDefined: boolean,
): Promise<Issue[]> => {
  const faults = cronFaults(definition)
  if (faults.length > 0 || !isDefined) return faults
  try {
    await acceptance.validate(tenant, () => payloadOf(definition))
    return []
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status < 500) return issuesOf(error)
    throw error
  }
}
