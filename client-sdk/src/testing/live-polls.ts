import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Inboxes } from './inboxes.ts'
import { refuse, reply } from './replies.ts'

/** The long polls of the test hub. */
export type LivePolls = {
  /** The queries of the polls. */
  polls: URLSearchParams[]
  /** Whether the hub has the route of long polls. */
  knowsPolls: boolean
  /** Returns whether a proxy cuts the poll. */
  cutsPolls: (query: URLSearchParams) => boolean
  /** The time after which a poll is cut, in ms. */
  cutDelay: number
  /** Accepted tokens, with their users. */
  tokens: ReadonlyMap<string, string>
}

/** Answers a long poll as the hub does: the position is that of the live messages. */
export const answerPoll = async (
  { polls, knowsPolls, cutsPolls, cutDelay, tokens }: LivePolls,
  inboxes: Inboxes,
  message: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> => {
  polls.push(query)
  if (cutsPolls(query)) {
    setTimeout(() => message.socket.destroy(), cutDelay)
    return
  }
  const user = tokens.get((message.headers.authorization ?? '').replace('Bearer ', ''))
  if (!knowsPolls) return refuse(response, { code: 'not_found' })
  if (!user) return refuse(response, { code: 'token_expired' })
  const position = () => `${inboxes.of(user).epoch}.${inboxes.of(user).seq}`
  const since = query.get('position')
  const ends = Date.now() + Number(query.get('wait')) * 1_000
  while (since === position() && Date.now() < ends && !message.socket.destroyed)
    await new Promise((resolve) => setTimeout(resolve, 5))
  reply(response, 200, { moved: since !== position(), position: position() })
}
