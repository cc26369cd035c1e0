import type { NotificationInput } from '@carillon/schemas'
import { type HttpRequest, openKeepAlive } from './keep-alive.ts'
import type { Target } from './load.ts'
import { type Mark, notificationFor, userOf } from './payload.ts'

/** The recipients: each user in turn, or the members of a topic. */
export type To = { users: number } | { topic: string }

const recipientOf = (to: To, { n }: Mark): NotificationInput['to'] =>
  'topic' in to ? to : userOf(n % to.users)

/** Returns the requests that publish to Carillon, and to bare Socket.IO. */
export const publishing = (to: To, apiKey?: string) => {
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  return (mark: Mark): HttpRequest => ({
    ...{ method: 'POST', path: '/v1/notifications', headers },
    body: JSON.stringify(notificationFor(mark, recipientOf(to, mark))),
  })
}

/** Publishes one notification per request, over keep-alive connections. Every response must have a 2xx status. */
export const overRequests = async (
  later: (undo: () => unknown) => void,
  {
    url,
    processes,
    inFlight,
    requestFor,
  }: {
    url: string
    processes: Target['processes']
    /** The number of connections. */
    inFlight: number
    requestFor(mark: Mark): HttpRequest
  },
): Promise<Target> => {
  const http = await openKeepAlive(url, inFlight)
  later(http.close)
  const publish = async (mark: Mark) => {
    const request = requestFor(mark)
    const { status, text } = await http.request(request)
    if (status >= 200 && status <= 299) return
    throw new Error(`${request.method} ${request.path} responded with ${status}: ${text.slice(0, 500)}`)
  }
  return {
    send: ({ run, from, count, at }) =>
      Promise.all(Array.from({ length: count }, (_, index) => publish({ run, n: from + index, at }))),
    processes,
  }
}
