import type { InboxCounts, InboxPage } from '@carillon/schemas'
import type { Query } from '../inbox/query.ts'
import type { Request } from './request.ts'

/**
 * The routes of the hub's HTTP API that read the inbox. Rejects with a CarillonError if the hub returns a problem, and with the
 * error of `fetch` if it does not respond.
 */
export const createInboxApi = (request: Request) => ({
  page: (query: Query & { limit: number; before?: string | undefined }) =>
    // JSON drops undefined properties.
    request<InboxPage>('GET', `/inbox?${new URLSearchParams(JSON.parse(JSON.stringify(query)))}`),
  countsBy: (label: string) => request<InboxCounts>('GET', `/inbox/counts?by=${label}`),
})
export type InboxApi = ReturnType<typeof createInboxApi>
