import { setTimeout as sleep } from 'node:timers/promises'
import { nextRuns } from '@carillon/core/calendar/recurrence'
import { ProblemError } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import { mergePatch } from '@carillon/core/json/merge-patch'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Schedules, StoredSchedule } from '@carillon/core/store/ports/schedules'
import { ScheduleInput } from '@carillon/schemas'
import type { Cursors } from '../http/cursor.ts'
import { checkIfMatch, etag, hasChanged } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import type { Acceptance } from '../notifications/accept.ts'
import { checkSchedule } from '../schedules/check.ts'
import type { ScheduleWrites } from '../schedules/writes.ts'
import {
  deleteSchedule,
  getSchedule,
  listNextRuns,
  listSchedules,
  putSchedule,
  updateSchedule,
} from './schedules-openapi.ts'

/** Maximum attempts of a patch that expects no revision, if others write concurrently. */
const ATTEMPTS = 20
/** Maximum pause before a retry, multiplied by the attempt, in ms. */
const PAUSE_MS = 10

const outside = ({ id, definition }: StoredSchedule) => ({ id, ...definition })
const instant = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z')

type Parts = {
  schedules: Pick<Schedules, 'get' | 'list'>
  writes: ScheduleWrites
  acceptance: Pick<Acceptance, 'check'>
  cursors: Cursors
}

const writeRoutes = (routes: Routes, { schedules, writes, acceptance }: Parts) => {
  /** Returns the revision that a conditional write expects; undefined without a condition. */
  const expectedOf = (match: string | undefined, current: StoredSchedule | undefined) =>
    checkIfMatch(match, current?.revision) ? current?.revision : undefined

  /** Checks and stores a schedule. Resolves with the response. */
  const put = async (
    sender: Sender,
    given: { id: string; definition: ScheduleInput },
    condition: { current: StoredSchedule | undefined; expected: string | undefined },
  ) => {
    const warnings = await checkSchedule(acceptance, sender, given.definition, condition.current?.definition)
    const stored = await writes.put(sender, given, condition)
    const body = { ...outside(stored), ...(warnings.length > 0 ? { warnings } : {}) }
    return [body, 200, { etag: etag(stored.revision) }] as const
  }

  routes.sender('schedules:write', putSchedule, async ({ c, params: { id }, body }, sender) => {
    const definition = await body()
    const current = await schedules.get(sender.tenant, id)
    const expected = expectedOf(c.req.header('if-match'), current)
    return c.json(...(await put(sender, { id, definition }, { current, expected })))
  })

  routes.sender('schedules:write', updateSchedule, async ({ c, params: { id }, body }, sender) => {
    const patch = await body()
    const match = c.req.header('if-match')
    for (let attempt = 1; ; attempt++) {
      const current = await schedules.get(sender.tenant, id)
      if (!current) throw new ProblemError('not_found', 'there is no such schedule')
      checkIfMatch(match, current.revision)
      const definition = checked(ScheduleInput, mergePatch(current.definition, patch), 'body')
      try {
        return c.json(...(await put(sender, { id, definition }, { current, expected: current.revision })))
      } catch (error) {
        const isChanged = error instanceof ProblemError && error.problem.code === hasChanged().problem.code
        if (!isChanged || (match !== undefined && match.trim() !== '*')) throw error
        if (attempt === ATTEMPTS)
          throw new ProblemError('unavailable', 'others keep changing the schedule: try again')
        await sleep(Math.random() * attempt * PAUSE_MS)
      }
    }
  })

  routes.sender('schedules:write', deleteSchedule, async ({ c, params: { id } }, { tenant }) => {
    const match = c.req.header('if-match')
    const current = match === undefined ? undefined : await schedules.get(tenant, id)
    await writes.remove(tenant, id, expectedOf(match, current))
    return c.body(null, 204)
  })
}

/** Adds the routes of schedules. */
export const scheduleRoutes = (routes: Routes, parts: Parts) => {
  const { schedules, cursors } = parts
  writeRoutes(routes, parts)

  const read = async (tenant: string, id: string): Promise<StoredSchedule> => {
    const schedule = await schedules.get(tenant, id)
    if (!schedule) throw new ProblemError('not_found', 'there is no such schedule')
    return schedule
  }

  routes.sender('schedules:read', getSchedule, async ({ c, params: { id } }, { tenant }) => {
    const schedule = await read(tenant, id)
    return c.json(outside(schedule), 200, { etag: etag(schedule.revision) })
  })

  routes.sender('schedules:read', listSchedules, async ({ c, query: { limit, after } }, { tenant }) => {
    const list = ['schedules', tenant]
    const from = after === undefined ? {} : { after: cursors.read(list, after) }
    const page = await schedules.list(tenant, { ...from, limit })
    const next = page.next === undefined ? null : cursors.make(list, page.next)
    return c.json({ schedules: page.schedules.map(outside), next })
  })

  routes.sender(
    'schedules:read',
    listNextRuns,
    async ({ c, params: { id }, query: { count } }, { tenant }) => {
      const { definition } = await read(tenant, id)
      const runs = definition.paused ? [] : nextRuns(definition, Date.now(), count)
      return c.json({ runs: runs.map(({ at }) => instant(at)) })
    },
  )
}
