import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createHttp } from '@carillon/core/http/client'
import { generate } from 'selfsigned'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'

/** Creates a self-signed certificate for mail.example.test. */
export const certificate = async (): Promise<{ key: string; cert: string }> => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'mail.example.test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'mail.example.test' }] },
    ],
  })
  return { key, cert }
}

/** Resolves every host to 127.0.0.1, which is allowed. */
export const localMail = createHttp({ allow: ['127.0.0.1'], lookup: async () => ['127.0.0.1'] })

/** A message that a server received, with its envelope. */
type Received = { from: string; to: string[]; secure: boolean; user?: string; raw: string }

/** Starts an SMTP server (the smtp-server package) on a free port. It keeps the messages that it receives. */
export const mailServer = async (
  options: SMTPServerOptions = {},
): Promise<{ port: number; mails: Received[]; connections(): number; close(): Promise<void> }> => {
  const mails: Received[] = []
  let connections = 0
  const server = new SMTPServer({
    authOptional: true,
    onConnect: (_: SMTPServerSession, done: () => void) => {
      connections += 1
      done()
    },
    onData: async (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk)
      mails.push({
        from: envelope.mailFrom ? envelope.mailFrom.address : '',
        to: envelope.rcptTo.map(({ address }) => address),
        secure,
        user: user as string | undefined,
        raw: Buffer.concat(chunks).toString('latin1'),
      })
      done()
    },
    ...options,
  })
  server.on('error', () => {}) // Some tests close the connection early.
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    port,
    mails,
    connections: () => connections,
    close: () => new Promise((done) => server.close(done)),
  }
}

/** The reply of a scripted server at a stage, or a fault. */
type Reply = string | 'drop' | 'hang' | 'trickle' | 'endless'
type Stage = 'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | '.' | 'RSET' | 'QUIT'

const GOOD: Record<Stage, string> = {
  greeting: '220 mail.example.test',
  EHLO: '250-mail.example.test\r\n250 ENHANCEDSTATUSCODES',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go on',
  '.': '250 2.0.0 taken',
  RSET: '250 2.0.0 ok',
  QUIT: '221 2.0.0 bye',
}

/** Starts an unencrypted SMTP server with scripted replies, one per stage. `replies` may be changed between messages. */
export const scriptedServer = async (
  replies: Partial<Record<Stage, Reply>>,
): Promise<{ port: number; received: string[]; hangUp(): void; close(): Promise<void> }> => {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    let text = ''
    let inMessage = false
    const answer = (stage: Stage) => {
      const reply = replies[stage] ?? GOOD[stage]
      if (reply === 'drop') return socket.destroy()
      if (reply === 'hang') return
      if (reply === 'trickle') {
        const timer = setInterval(() => socket.write('2'), 20)
        return socket.on('close', () => clearInterval(timer))
      }
      if (reply === 'endless') {
        const more = () => {
          while (!socket.destroyed && socket.write(`250-${'x'.repeat(1_000)}\r\n`));
        }
        more()
        return socket.on('drain', more)
      }
      inMessage = stage === 'DATA' && reply.startsWith('354')
      socket.write(`${reply}\r\n`)
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = text.indexOf(inMessage ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const read = text.slice(0, end)
        text = text.slice(end + (inMessage ? 5 : 2))
        if (inMessage) received.push(read)
        const stage = inMessage ? '.' : (read.slice(0, 4).toUpperCase().trim() as Stage)
        inMessage = false
        answer(stage)
      }
    })
    answer('greeting')
  })
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    received,
    hangUp,
    close: async () => {
      hangUp()
      await new Promise((done) => server.close(done))
    },
  }
}
