import { ProblemError } from '@carillon/core/errors'
import { timesMessage } from '@carillon/core/preferences/times-message'
import type { Users } from '@carillon/core/store/ports/users'
import { patched } from '@carillon/core/store/rules/reported'
import type { Stream } from '@carillon/core/stream/port'
import { Reported, ReportedPatch } from '@carillon/schemas'
import type { Routes } from '../http/routes.ts'

const PRIVATE = { 'cache-control': 'no-store' }

/** Adds the routes of the locale and time zone that front ends report. */
export const meRoutes = (
  routes: Routes,
  { users, stream }: { users: Pick<Users, 'get' | 'report'>; stream: Pick<Stream, 'publish'> },
) => {
  const reportedOf = async (tenant: string, user: string) =>
    (await users.get(tenant, [user]))[0]?.reported ?? {}

  routes.user(
    {
      method: 'get',
      path: '/v1/me',
      operationId: 'getMe',
      tag: 'Me',
      summary: 'Get the reported locale and time zone',
      description:
        'Returns the locale and the time zone that front ends reported. The profile, which backends write, is not included.',
      answers: { 200: { description: 'The reported values', schema: Reported } },
    },
    async ({ c }, { tenant, user }) => c.json(await reportedOf(tenant, user), 200, PRIVATE),
  )

  routes.user(
    {
      method: 'patch',
      path: '/v1/me',
      operationId: 'updateMe',
      tag: 'Me',
      summary: 'Report the locale and time zone of the user',
      description:
        'Changes the reported values (JSON merge patch, RFC 7396): `null` removes a value. They are stored apart from the profile, and used for what the profile omits.',
      body: ReportedPatch,
      answers: { 200: { description: 'The reported values', schema: Reported } },
      problems: ['erased'],
    },
    async ({ c, body }, { tenant, user, issuedAt }) => {
      const patch = await body()
      const before = await reportedOf(tenant, user)
      const after = patched(before, patch)
      // Front ends report at every start. Unchanged values are not written.
      if (after.timezone !== before.timezone) await stream.publish([timesMessage(tenant, user, Date.now())])
      const changed =
        JSON.stringify([after.locale, after.timezone]) !== JSON.stringify([before.locale, before.timezone])
      if (changed && !(await users.report(tenant, user, patch, issuedAt)))
        throw new ProblemError('erased', 'the user is erased')
      return c.json(after, 200, PRIVATE)
    },
  )
}
