import type { BrowserContext } from 'playwright-core'

/** Collects the `presence` reports of pages that are opened from now on: whether the user is active. */
export const activityOf = (context: BrowserContext): boolean[] => {
  const reports: boolean[] = []
  context.on('page', (page) =>
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const [, active] = /"presence",\{"active":(\w+)/.exec(String(payload)) ?? []
        if (active) reports.push(active === 'true')
      }),
    ),
  )
  return reports
}
