/** A NATS client over WebSocket, because k6 has no TCP: publishing to JetStream with its acknowledgements. */
import { WebSocket } from 'k6/websockets'

const END = '\r\n'

/** Messages of the server are ASCII. */
const textOf = (data) => Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join('')

/** Returns why a PubAck is none, or undefined. A message that no stream takes is answered with headers only: 503. */
const problemOf = (payload) => {
  if (payload.startsWith('NATS/1.0')) return payload.split(END)[0]
  const { stream, error } = JSON.parse(payload)
  return stream ? undefined : JSON.stringify(error)
}

/**
 * Connects to `url`, the `websocket` listener of a NATS server. `onReady` is called once it accepts messages. `publish` calls
 * `done` with undefined once the stream has the message, or with the reason why not. All text must be ASCII.
 */
export const openNats = (url, { user, pass }, { onReady, onEnd }) => {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  const inbox = `_INBOX.k6-${Math.random().toString(36).slice(2)}`
  const pending = {}
  let next = 0
  let unread = ''
  let closing = false

  const greet = () => {
    const options = { verbose: false, pedantic: false, headers: true, no_responders: true, lang: 'k6' }
    socket.send(`CONNECT ${JSON.stringify({ ...options, version: '1', user, pass })}${END}`)
    socket.send(`SUB ${inbox}.* 1${END}PING${END}`)
  }
  const settle = (subject, payload) => {
    const key = subject.slice(inbox.length + 1)
    pending[key]?.(problemOf(payload))
    delete pending[key]
  }
  /** Handles one protocol message at the beginning of `unread`. Returns whether there was a whole one. */
  const readOne = () => {
    const end = unread.indexOf(END)
    if (end < 0) return false
    const [verb, subject, ...rest] = unread.slice(0, end).split(' ')
    let after = end + END.length
    if (verb === 'MSG' || verb === 'HMSG') {
      const begin = after
      after = begin + Number(rest[rest.length - 1]) + END.length
      if (unread.length < after) return false
      settle(subject, unread.slice(begin, after - END.length))
    } else if (verb === 'INFO') greet()
    else if (verb === 'PING') socket.send(`PONG${END}`)
    else if (verb === 'PONG') onReady()
    else if (verb === '-ERR') console.error(`NATS: ${unread.slice(0, end)}`)
    unread = unread.slice(after)
    return true
  }

  socket.onmessage = ({ data }) => {
    unread += typeof data === 'string' ? data : textOf(data)
    while (readOne());
  }
  socket.onerror = ({ error }) => console.error(`NATS: ${error}`)
  socket.onclose = () => {
    if (closing) return
    for (const done of Object.values(pending)) done('the connection ended')
    onEnd()
  }

  return {
    publish: (subject, messageId, body, done) => {
      const key = String(next++)
      pending[key] = done
      const headers = `NATS/1.0${END}Nats-Msg-Id: ${messageId}${END}${END}`
      const sizes = `${headers.length} ${headers.length + body.length}`
      socket.send(`HPUB ${subject} ${inbox}.${key} ${sizes}${END}${headers}${body}${END}`)
    },
    close: () => {
      closing = true
      socket.close()
    },
  }
}
