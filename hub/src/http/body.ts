import { ProblemError } from '@carillon/core/errors'
import type { Context, HonoRequest } from 'hono'
import { incomingOf } from './incoming.ts'

/** `application/json`, alone or with the only charset of JSON (RFC 8259, section 8.1). */
const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i

/** Reports whether a content type is plain JSON. */
export const isJson = (type: string | undefined): boolean => JSON_TYPE.test(type ?? '')

const tooLarge = (limit: number) =>
  new ProblemError('payload_too_large', `the body must have at most ${limit} bytes`)

const readStream = async (stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.byteLength
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Over HTTP/1.1, a body has a length or is chunked (RFC 9112, section 6.3), so a stream alone does not
 * indicate a body.
 */
const isEmpty = (request: HonoRequest): boolean => {
  const declared = request.header('content-length')
  if (declared !== undefined) return declared === '0'
  const typed = request.header('content-type') !== undefined
  return !request.raw.body || (!typed && request.header('transfer-encoding') === undefined)
}

/**
 * Returns a body that has arrived in full, as small ones do with the head of their request; undefined for any other. Reading
 * it as a stream takes several listeners, ticks and a copy.
 */
const arrived = (c: Context, length: number): Uint8Array | undefined => {
  const incoming = incomingOf(c)
  if (!incoming || incoming.readableDidRead || incoming.readableLength !== length) return undefined
  const body = incoming.read() as Buffer
  // The end of the stream, which may still be ahead, is emitted only while it flows.
  incoming.resume()
  return body
}

/**
 * Reads a body of any media type, up to `limit` bytes. An absent body is empty. A declared length is checked
 * before a byte is read; chunked bodies are counted as they arrive. Throws `payload_too_large`, or
 * `unsupported_media_type` for a content encoding.
 */
export const readRawBody = async (c: Context, limit: number): Promise<Uint8Array> => {
  const request = c.req
  const declared = request.header('content-length')
  if (declared === '0' || (declared === undefined && !request.raw.body)) return new Uint8Array()
  if (request.header('content-encoding') !== undefined)
    throw new ProblemError('unsupported_media_type', 'send the body without a content-encoding')
  if (declared !== undefined && Number(declared) > limit) throw tooLarge(limit)
  try {
    if (declared !== undefined)
      return arrived(c, Number(declared)) ?? new Uint8Array(await request.arrayBuffer())
    return request.raw.body ? await readStream(request.raw.body, limit) : new Uint8Array()
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw new ProblemError('malformed_json', 'the connection ended before the end of the body', {
      cause: error,
    })
  }
}

/** Reads a JSON body in the same way. Throws `unsupported_media_type` for another content type. */
export const readBody = async (c: Context, limit: number): Promise<Uint8Array> => {
  if (isEmpty(c.req)) return new Uint8Array()
  if (!isJson(c.req.header('content-type')))
    throw new ProblemError('unsupported_media_type', 'send JSON, with content-type: application/json')
  return readRawBody(c, limit)
}
