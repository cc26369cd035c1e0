import { once } from 'node:events'
import { connect } from 'node:net'

/** Publishes with a header block and a subject of arbitrary bytes, which client libraries reject. */
export const rawPublisher = async (url: string) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'data')
  socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":true,"lang":"raw","version":"1"}\r\n')
  return {
    /** Resolves to the server's reply to the message: `PONG` or an error. */
    publish: async (
      subject: string,
      header: string | Uint8Array,
      body: string | Uint8Array,
    ): Promise<string> => {
      const block = Buffer.concat([Buffer.from('NATS/1.0\r\n'), Buffer.from(header), Buffer.from('\r\n\r\n')])
      const payload = Buffer.from(body)
      const command = `HPUB ${subject} ${block.length} ${block.length + payload.length}\r\n`
      const answer = once(socket, 'data')
      socket.write(Buffer.concat([Buffer.from(command), block, payload, Buffer.from('\r\nPING\r\n')]))
      return String((await answer)[0])
    },
    close: () => {
      socket.destroy()
    },
  }
}
