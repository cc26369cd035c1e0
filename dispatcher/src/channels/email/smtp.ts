import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Outcome, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import { createTransport } from 'nodemailer'
import { readMailReport } from './smtp-callback.ts'
import { INVALID_ADDRESS, mailComposer, messageIds, recipient } from './smtp-mail.ts'
import { outcomeOfSmtp } from './smtp-outcome.ts'
import { type GetSocket, poolOptions, SmtpConfig } from './smtp-pool.ts'

const open = (config: SmtpConfig, tools: Tools, limitMs: number): Sender => {
  const options = poolOptions(config, tools)
  const transport = createTransport(options)
  const compose = mailComposer(config)
  const idOf = messageIds(config.from)
  let closed = false

  // Each send has a signal of its own, which names it here once its message has been written to the end.
  const handedOver = new WeakSet<AbortSignal>()
  transport.use('stream', ({ message, data }, done) => {
    const { signal } = data
    if (message && signal) {
      const read = message.createReadStream.bind(message)
      message.createReadStream = (how) => read(how).once('end', () => handedOver.add(signal))
    }
    done()
  })

  return {
    async send(message, signal): Promise<Outcome> {
      const to = recipient(message.address)
      if (!to) return INVALID_ADDRESS
      const ending = new AbortController()
      const end = () => ending.abort()
      // Time-outs of sockets do not notice a server that sends one byte a second.
      const timer = setTimeout(end, limitMs)
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      try {
        await transport.sendMail({ ...compose(message, to), signal: ending.signal })
        return { outcome: 'sent', id: idOf(message) }
      } catch (error) {
        if (closed && !handedOver.has(ending.signal))
          return { outcome: 'retry', reason: 'closed', detail: 'the account was closed before it was sent' }
        return outcomeOfSmtp(error, handedOver.has(ending.signal))
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
      }
    },

    async verify() {
      let socket: Socket | undefined
      const getSocket: GetSocket = (given, done) =>
        options.getSocket?.(given, (error, opened) => {
          socket = (opened || undefined)?.connection
          done(error, opened)
        })
      const probe = createTransport({ ...options, pool: false, getSocket })
      const late = AbortSignal.timeout(limitMs)
      try {
        await Promise.race([
          probe.verify(),
          once(late, 'abort').then(() => {
            throw new Error(`no end of it within ${limitMs / 1_000} s`)
          }),
        ])
      } catch (error) {
        throw new Error(`cannot log in at ${config.host}:${config.port}: ${complaint(error)}`, {
          cause: error,
        })
      } finally {
        socket?.destroy()
        probe.close()
      }
    },

    async close() {
      closed = true
      transport.close()
    },
  }
}

const complaint = (error: unknown): string => {
  if (!(error instanceof Error) || !('code' in error || 'reason' in error))
    return error instanceof Error ? error.message : String(error)
  const outcome = outcomeOfSmtp(error, false)
  if (outcome.outcome === 'sent') return error.message
  return outcome.detail
}

/** Mail by any SMTP server (RFC 5321), over kept connections. `limitMs`: how long one send may take in all. */
export const smtpProvider = ({ limitMs = 15_000 } = {}): Provider<SmtpConfig> => ({
  name: 'smtp',
  channels: ['email'],
  config: SmtpConfig,
  repeatable: false,
  concurrency: 20,
  needs: () => 'email',
  open: (config, tools) => open(config, tools, limitMs),
  callback: async (request, { callbackSecret }) => ({ reports: readMailReport(request, callbackSecret) }),
})

export const smtp = smtpProvider()
