import type { NotificationInput } from '@carillon/schemas'
import { type KeepAlive, openKeepAlive } from './keep-alive.ts'
import type { Target } from './load.ts'
import { type Mark, notificationFor, userOf } from './payload.ts'

const PATH = '/v1/notifications'
const ACCEPTED = 202

const post = async (http: KeepAlive, headers: Record<string, string>, notification: NotificationInput) => {
  const { status, text } = await http.post({ path: PATH, headers, body: JSON.stringify(notification) })
  if (status !== ACCEPTED) throw new Error(`POST ${PATH} responded with ${status}: ${text.slice(0, 500)}`)
}

/** The recipients: each user in turn, or the members of a topic. */
export type To = { users: number } | { topic: string }

const recipientOf = (to: To, { n }: Mark): NotificationInput['to'] =>
  'topic' in to ? to : userOf(n % to.users)

/** Publishes one notification per request, over keep-alive connections. */
export const overRequests = async (
  later: (undo: () => unknown) => void,
  {
    url,
    processes,
    apiKey,
    inFlight,
    to,
  }: {
    url: string
    processes: Target['processes']
    apiKey?: string
    inFlight: number
    to: To
  },
): Promise<Target> => {
  const http = await openKeepAlive(url, inFlight)
  later(http.close)
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  return {
    send: async ({ run, from, count, at }) => {
      const posts = Array.from({ length: count }, (_, index) => {
        const mark = { run, n: from + index, at }
        return post(http, headers, notificationFor(mark, recipientOf(to, mark)))
      })
      await Promise.all(posts)
    },
    processes,
  }
}
