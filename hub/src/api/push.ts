import type { Routes } from '../http/routes.ts'
import type { PushReports } from '../push/reports.ts'
import { reportPushes } from './push-openapi.ts'

/** Adds the route for reports of devices. Each report is authorized by the token of its push. */
export const pushRoutes = (routes: Routes, { reports }: { reports: PushReports }) => {
  routes.open(reportPushes, async ({ c, body }) =>
    c.json(await reports((await body()).reports), 200, { 'cache-control': 'no-store' }),
  )
}
