import { ProblemError } from '@carillon/core/errors'
import type { HonoRequest } from 'hono'

/** `application/json`, alone or with the only charset JSON has (RFC 8259, section 8.1). */
const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i

/** Whether a content type is that of plain JSON. */
export const isJson = (type: string | undefined): boolean => JSON_TYPE.test(type ?? '')

const tooLarge = (limit: number) =>
  new ProblemError('payload_too_large', `the body may have at most ${limit} bytes`)

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

/** Over HTTP/1.1 a body has a length or is chunked (RFC 9112, section 6.3), whatever stream stands in for it here. */
const isEmpty = (request: HonoRequest): boolean => {
  const declared = request.header('content-length')
  if (declared !== undefined) return declared === '0'
  const typed = request.header('content-type') !== undefined
  return !request.raw.body || (!typed && request.header('transfer-encoding') === undefined)
}

/**
 * Reads a body of any type and at most `limit` bytes; an absent one is empty. A declared length is refused before a
 * byte is read, and bodies without one (chunked) are counted as they come. Throws `payload_too_large` and, for an
 * encoding, `unsupported_media_type`.
 */
export const readRawBody = async (request: HonoRequest, limit: number): Promise<Uint8Array> => {
  const declared = request.header('content-length')
  if (declared === '0' || (declared === undefined && !request.raw.body)) return new Uint8Array()
  if (request.header('content-encoding') !== undefined)
    throw new ProblemError('unsupported_media_type', 'send the body without a content-encoding')
  if (declared !== undefined && Number(declared) > limit) throw tooLarge(limit)
  try {
    if (declared !== undefined) return new Uint8Array(await request.arrayBuffer())
    return request.raw.body ? await readStream(request.raw.body, limit) : new Uint8Array()
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw new ProblemError('malformed_json', 'the body did not arrive whole', { cause: error })
  }
}

/** The same of JSON only. Throws `unsupported_media_type` for another content type. */
export const readBody = async (request: HonoRequest, limit: number): Promise<Uint8Array> => {
  if (isEmpty(request)) return new Uint8Array()
  if (!isJson(request.header('content-type')))
    throw new ProblemError('unsupported_media_type', 'send JSON, with content-type: application/json')
  return readRawBody(request, limit)
}
