import {
  NOTIFICATION_MAX_BYTES,
  Schedule,
  ScheduleId,
  ScheduleInput,
  SchedulePatch,
  Timestamp,
  Warning,
} from '@carillon/schemas'
import { z } from 'zod'
import { IfMatch } from '../http/if-match.ts'
import { integer } from '../http/integer.ts'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { next, pageQuery } from './paging.ts'

/** A notification, and the fields around it. */
const SCHEDULE_MAX_BYTES = NOTIFICATION_MAX_BYTES + 4_096
const RUNS_MAX = 100
const RUNS_USUAL = 5

const Id = z.object({ id: ScheduleId })

const WrittenSchedule = Schedule.extend({
  warnings: z.array(Warning).optional().describe('Possible mistakes; absent if there are none'),
}).meta({
  id: 'WrittenSchedule',
  description: 'The stored schedule, with possible mistakes',
  examples: [exampleOf(Schedule)],
})

const SchedulePage = z.object({ schedules: z.array(Schedule), next: next('after') }).meta({
  id: 'SchedulePage',
  description: 'A page of schedules',
  examples: [{ schedules: [exampleOf(Schedule)], next: null }],
})

const NextRuns = z.object({ runs: z.array(Timestamp).describe('The instants, earliest first') }).meta({
  id: 'NextRuns',
  description: 'The instants of the next runs, in UTC',
  examples: [{ runs: ['2026-12-07T09:00:00Z', '2026-12-14T09:00:00Z'] }],
})

const refusals = [
  ...(['precondition_failed', 'quota_exceeded', 'type_unknown', 'no_app_url'] as const),
  ...(['too_far', 'time_passed'] as const),
]

export const putSchedule = defineRoute({
  method: 'put',
  path: '/v1/schedules/{id}',
  operationId: 'putSchedule',
  tag: 'Schedules',
  summary: 'Create or replace a schedule',
  description:
    'Stores a schedule: a notification that is sent at each time of a cron expression. The notification is checked as if it were sent now. Each run sends it exactly once, with its own id. The API key that writes the schedule is the sender. A change applies to later runs. A tenant has at most 1,000 schedules.',
  params: Id,
  headers: IfMatch,
  body: ScheduleInput,
  readOnly: ['id', 'warnings'],
  bodyMaxBytes: SCHEDULE_MAX_BYTES,
  answers: { 200: { description: 'Stored', schema: WrittenSchedule } },
  problems: refusals,
})

export const updateSchedule = defineRoute({
  method: 'patch',
  path: '/v1/schedules/{id}',
  operationId: 'updateSchedule',
  tag: 'Schedules',
  summary: 'Change a schedule',
  description:
    'Changes a schedule (JSON merge patch, RFC 7396): `null` removes a value, and lists are replaced as a whole. `{"paused": true}` pauses it.',
  params: Id,
  headers: IfMatch,
  body: SchedulePatch,
  readOnly: ['id', 'warnings'],
  bodyMaxBytes: SCHEDULE_MAX_BYTES,
  answers: { 200: { description: 'Stored', schema: WrittenSchedule } },
  problems: ['not_found', ...refusals],
})

export const getSchedule = defineRoute({
  method: 'get',
  path: '/v1/schedules/{id}',
  operationId: 'getSchedule',
  tag: 'Schedules',
  summary: 'Get a schedule',
  description: 'Returns a schedule as it was written. `ETag` is for `If-Match`.',
  params: Id,
  answers: { 200: { description: 'The schedule', schema: Schedule } },
  problems: ['not_found'],
})

export const listSchedules = defineRoute({
  method: 'get',
  path: '/v1/schedules',
  operationId: 'listSchedules',
  tag: 'Schedules',
  summary: 'List the schedules',
  description: 'Lists the schedules of the tenant, ordered by id.',
  query: z.strictObject(pageQuery()),
  answers: { 200: { description: 'A page of schedules', schema: SchedulePage } },
  problems: ['cursor_invalid'],
})

export const deleteSchedule = defineRoute({
  method: 'delete',
  path: '/v1/schedules/{id}',
  operationId: 'deleteSchedule',
  tag: 'Schedules',
  summary: 'Delete a schedule',
  description: 'Deletes a schedule, if it exists. Notifications of earlier runs are not cancelled.',
  params: Id,
  headers: IfMatch,
  answers: { 204: { description: 'Deleted' } },
  problems: ['precondition_failed'],
})

export const listNextRuns = defineRoute({
  method: 'get',
  path: '/v1/schedules/{id}/next',
  operationId: 'listNextRuns',
  tag: 'Schedules',
  summary: 'List the next runs of a schedule',
  description:
    'Returns the instants of the next runs, in UTC. A run of a local schedule starts when its time comes in UTC+14. A schedule that is paused or has ended has no runs.',
  params: Id,
  query: z.strictObject({
    count: integer(1, RUNS_MAX).default(RUNS_USUAL).describe('The most runs to return'),
  }),
  answers: { 200: { description: 'The next runs', schema: NextRuns } },
  problems: ['not_found'],
})
