import type { IncomingMessage } from 'node:http'

/** How long the rest of a refused body is read, in ms. */
const LINGER_MS = 5_000
/** Maximum bytes of the rest that are read. */
const LINGER_BYTES = 64 * 1_024 * 1_024

/** Reads the rest of a request and discards it. Resolves at its end, at a limit, or when the connection ends. */
const discard = (incoming: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    let size = 0
    const done = () => {
      clearTimeout(timer)
      for (const event of ['end', 'close', 'error']) incoming.off(event, done)
      incoming.off('data', count)
      resolve()
    }
    const count = ({ length }: Buffer) => {
      size += length
      if (size > LINGER_BYTES) done()
    }
    const timer = setTimeout(done, LINGER_MS)
    for (const event of ['end', 'close', 'error']) incoming.once(event, done)
    // A body stream that is no longer read would buffer what arrives.
    incoming.removeAllListeners('data')
    incoming.on('data', count)
    incoming.resume()
  })

/**
 * Returns the body of a response to a request that is not read to its end, such as one that is too large. It is complete for
 * the client at once, given its Content-Length, and ends only when the rest of the request has been read, up to LINGER_BYTES
 * and for LINGER_MS. With `Connection: close`, the server closes the connection then. Closing at once would reset it, and a
 * client that is still sending would get EPIPE or ECONNRESET in place of the response.
 */
export const lingering = (incoming: IncomingMessage, body: Uint8Array): ReadableStream<Uint8Array> => {
  let isSent = false
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (!isSent) {
          isSent = true
          controller.enqueue(body)
          return
        }
        await discard(incoming)
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
