import type { ProblemCode } from '@carillon/schemas'
import type { Entry, History } from './history.ts'

type Request = { path?: string; key?: string; type?: string; body: string }

/** Requests that are rejected as a whole. Each contains a valid notification. */
const REJECTIONS: readonly [
  code: ProblemCode,
  request: (note: object, keys: { sender: string; user: string }) => Request,
][] = [
  ['unauthenticated', (note) => ({ key: '', body: JSON.stringify(note) })],
  ['unauthenticated', (note, { user }) => ({ key: user, body: JSON.stringify(note) })],
  [
    'unauthenticated',
    (note, { sender }) => ({ key: `${sender.slice(0, -4)}AAAA`, body: JSON.stringify(note) }),
  ],
  ['malformed_json', (note) => ({ body: JSON.stringify(note).slice(0, -1) })],
  ['malformed_json', () => ({ body: '' })],
  ['invalid_request', (note) => ({ body: JSON.stringify([note]) })],
  ['unsupported_media_type', (note) => ({ type: 'text/plain', body: JSON.stringify(note) })],
  ['payload_too_large', (note) => ({ body: JSON.stringify({ ...note, blob: 'x'.repeat(65_536) }) })],
  [
    'payload_too_large',
    (note) => ({ path: '/batch', body: JSON.stringify({ blob: 'x'.repeat(9e6), note }) }),
  ],
  [
    'invalid_request',
    (note) => ({ path: '/batch', body: JSON.stringify({ notifications: Array(1_001).fill(note) }) }),
  ],
  [
    'invalid_request',
    (note) => ({ path: '/batch', body: JSON.stringify({ notifications: [note], extra: 1 }) }),
  ],
  ['invalid_request', () => ({ path: '/batch', body: '{"notifications":[]}' })],
]

/** Returns the history entries of all rejected requests. */
export const rejectionEntries = (tenant: string): Entry[] =>
  REJECTIONS.map(([code], index) => ({
    key: `${tenant}.rejected.${index}`,
    title: 'Rejected',
    fate: { kind: 'rejected', code },
  }))

/** Sends all rejected requests and records the responses. */
export const sendRejections = async (
  hub: string,
  keys: { sender: string; user: string },
  to: string,
  entries: readonly Entry[],
  history: History,
): Promise<void> => {
  for (const [index, { key, title }] of entries.entries()) {
    const request = REJECTIONS[index]?.[1]({ to, type: 'news', title, data: { key } }, keys)
    if (!request) throw new RangeError(`there is no rejection ${index}`)
    history.attempt(key)
    const response = await fetch(`${hub}/v1/notifications${request.path ?? ''}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${request.key ?? keys.sender}`,
        'content-type': request.type ?? 'application/json',
      },
      body: request.body,
    })
    if (response.status < 400) history.ok(key)
    else history.refused(key, ((await response.json()) as { code: ProblemCode }).code)
  }
}
