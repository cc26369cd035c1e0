import type { ProblemCode } from '@carillon/schemas'
import type { Entry, Ledger } from './ledger.ts'

type Attempt = { path?: string; key?: string; type?: string; body: string }

/** Requests that are refused as a whole. Each carries a notification that is good in itself. */
const REFUSALS: readonly [
  code: ProblemCode,
  attempt: (note: object, keys: { sender: string; user: string }) => Attempt,
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

/** What the ledger has to know of them. */
export const refusalEntries = (tenant: string): Entry[] =>
  REFUSALS.map(([code], index) => ({
    key: `${tenant}.refused.${index}`,
    title: 'Refused',
    fate: { kind: 'turned away', code },
  }))

/** Sends them, and writes down how each was answered. */
export const sendRefusals = async (
  hub: string,
  keys: { sender: string; user: string },
  to: string,
  entries: readonly Entry[],
  ledger: Ledger,
): Promise<void> => {
  for (const [index, { key, title }] of entries.entries()) {
    const attempt = REFUSALS[index]?.[1]({ to, type: 'news', title, data: { key } }, keys)
    if (!attempt) throw new RangeError('there is no such refusal')
    ledger.attempt(key)
    const response = await fetch(`${hub}/v1/notifications${attempt.path ?? ''}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${attempt.key ?? keys.sender}`,
        'content-type': attempt.type ?? 'application/json',
      },
      body: attempt.body,
    })
    if (response.status < 400) ledger.ok(key)
    else ledger.refused(key, ((await response.json()) as { code: ProblemCode }).code)
  }
}
