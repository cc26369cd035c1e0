import { type ClientHttp2Stream, constants } from 'node:http2'
import { type HttpAnswer, HttpFailure } from '@carillon/core/http/port'
import { type Connection, codeOf } from './apns-session.ts'

export type ApnsRequest = {
  path: string
  headers: Record<string, string>
  body: string
  signal: AbortSignal
}

const ANSWER_MAX_BYTES = 65_536

/** Reports whether the server may have processed a failed stream (RFC 9113, sections 6.8 and 8.7). */
const mayBeProcessed = (stream: ClientHttp2Stream, { lastStream }: Connection): boolean =>
  stream.id !== undefined && stream.id <= lastStream && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM

/** Sends a POST on a new stream. Calls `done` or `failed`; only the first call counts. */
export const sendRequest = (
  connection: Connection,
  { path, headers, body }: ApnsRequest,
  { done, failed }: { done(answer: HttpAnswer): void; failed(failure: HttpFailure): void },
): ClientHttp2Stream => {
  let status = 0
  let received: Record<string, string> = {}
  let text = ''
  let cause: unknown = 'closed'
  const stream = connection.session.request({ ':method': 'POST', ':path': path, ...headers })
  stream.setEncoding('utf8')
  stream.on('response', (responseHeaders) => {
    status = responseHeaders[':status'] ?? 0
    received = Object.fromEntries(
      Object.entries(responseHeaders).map(([name, value]) => [name, String(value)]),
    )
  })
  stream.on('data', (chunk: string) => {
    if (text.length > ANSWER_MAX_BYTES) return
    text += chunk
    if (text.length <= ANSWER_MAX_BYTES) return
    failed(new HttpFailure('too_large', 'the response is too large', true))
    stream.close(constants.NGHTTP2_CANCEL)
  })
  stream.on('error', (error) => {
    cause = error
  })
  stream.on('close', () => {
    if (status !== 0) return done({ status, headers: received, body: text })
    const sent = mayBeProcessed(stream, connection)
    const detail = `the connection was lost before a response: ${codeOf(cause)}`
    failed(new HttpFailure(sent ? 'broken' : 'unreachable', detail, sent, cause))
  })
  stream.end(body)
  return stream
}
