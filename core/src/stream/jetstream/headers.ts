import { headers, type MsgHdrs } from '@nats-io/transport-node'

type HeadersClass = { decode(block: Uint8Array): MsgHdrs }

const utf8 = new TextDecoder()
const LINE = '\r\n'

/** Keeps the lines of a header block that the client accepts and drops the others. */
const readable = (decode: HeadersClass['decode'], block: Uint8Array): MsgHdrs => {
  const [status = '', ...lines] = utf8.decode(block).split(LINE)
  const read = decode(new TextEncoder().encode(status))
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    try {
      read.append(line.slice(0, colon), line.slice(colon + 1).trim())
    } catch {
      // Not a name or value that NATS headers can have.
    }
  }
  return read
}

/**
 * Makes the NATS client accept any header block. nats-core 3 parses headers inside its read loop and throws for a name
 * such as `a b`; the loop then ends, and the connection never reads again. Any publisher can send such a block: the
 * server passes it on.
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
