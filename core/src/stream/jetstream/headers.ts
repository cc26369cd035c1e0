import { headers, type MsgHdrs } from '@nats-io/transport-node'

type HeadersClass = { decode(block: Uint8Array): MsgHdrs }

const utf8 = new TextDecoder()
const LINE = '\r\n'

/** Keeps the header lines that the client accepts and drops the rest. */
const readable = (decode: HeadersClass['decode'], block: Uint8Array): MsgHdrs => {
  const [status = '', ...lines] = utf8.decode(block).split(LINE)
  const read = decode(new TextEncoder().encode(status))
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    try {
      read.append(line.slice(0, colon), line.slice(colon + 1).trim())
    } catch {
      // Invalid header name or value.
    }
  }
  return read
}

/**
 * Makes the NATS client accept any header block. nats-core 3 parses headers in its read loop and throws on a name such as
 * `a b`, which ends the loop: the connection never reads again. The server forwards such blocks from any publisher.
 */
const tolerateHeaders = () => {
  const client = headers().constructor as unknown as HeadersClass
  const decode = client.decode.bind(client)
  client.decode = (block) => {
    try {
      return decode(block)
    } catch {
      return readable(decode, block)
    }
  }
}

tolerateHeaders()
