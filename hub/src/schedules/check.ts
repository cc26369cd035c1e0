import { cronFault, nextRun, type Recurrence } from '@carillon/core/calendar/recurrence'
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

/** Returns the fault of a schedule that runs at no time after `after` (epoch ms), because of `from` and `until`. */
const rangeFaults = (definition: ScheduleInput, after: number): Issue[] =>
  nextRun(definition, after)
    ? []
    : [
        {
          path: [definition.until === undefined ? 'from' : 'until'],
          message: 'leaves no time at which it would run',
        },
      ]

const timesOf = ({ cron, timezone, local, from, until }: Recurrence) =>
  JSON.stringify([cron, timezone, local, from, until])

/** Returns the notification of a run, as it would be sent. */
const payloadOf = ({ notification }: ScheduleInput) => ({ value: notification, at: [PLACE] })

/**
 * Checks the parts of a schedule that its schema cannot express: its cron expression, and its notification as if it were sent
 * now. A schedule must run again, unless its times are those of `current`: one that has ended can be written as it is.
 * Resolves with the warnings. Throws `invalid_request` and every problem that sending would throw.
 */
export const checkSchedule = async (
  acceptance: Pick<Acceptance, 'check'>,
  sender: Pick<Sender, 'tenant' | 'key'>,
  definition: ScheduleInput,
  current?: ScheduleInput,
): Promise<Warning[]> => {
  const faults = cronFaults(definition)
  if (faults.length > 0) throw invalidRequest(faults, 'body')
  const isKept = current !== undefined && timesOf(current) === timesOf(definition)
  const never = isKept ? [] : rangeFaults(definition, Date.now())
  if (never.length > 0) throw invalidRequest(never, 'body')
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
  const own = cronFaults(definition)
  // A file may contain a schedule that has ended.
  const faults = own.length > 0 ? own : rangeFaults(definition, 0)
  if (faults.length > 0 || !isDefined) return faults
  try {
    await acceptance.validate(tenant, () => payloadOf(definition))
    return []
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status < 500) return issuesOf(error)
    throw error
  }
}
