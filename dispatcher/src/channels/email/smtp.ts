import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Outcome, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import { createTransport } from 'nodemailer'
import { mailComposer, messageIds } from './compose.ts'
import { INVALID_ADDRESS, recipientOf } from './mailbox.ts'
import { readMailReport } from './smtp-callback.ts'
import { outcomeOfSmtp } from './smtp-outcome.ts'
import { type GetSocket, poolOptions, SmtpConfig } from './smtp-pool.ts'

const open = (config: SmtpConfig, tools: Tools, limitMs: number): Sender => {
  const options = poolOptions(config, tools)
  const transport = createTransport(options)
  const compose = mailComposer(config)
  const idOf = messageIds(config.from)
  let closed = false

  // Signals of the sends whose message was completely written. Each send has its own signal.
  const written = new WeakSet<AbortSignal>()
  transport.use('stream', ({ message, data }, done) => {
    const { signal } = data
    if (message && signal) {
      const read = message.createReadStream.bind(message)
      message.createReadStream = (options) => read(options).once('end', () => written.add(signal))
    }
    done()
  })

  return {
    async send(message, signal): Promise<Outcome> {
      const to = recipientOf(message.address)
      if (!to) return INVALID_ADDRESS
      const limit = new AbortController()
      const abort = () => limit.abort()
      // Socket timeouts do not catch a server that sends one byte per second.
      const timer = setTimeout(abort, limitMs)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      try {
        const { rejectedErrors = [] } = await transport.sendMail({
          ...compose(message, to),
          signal: limit.signal,
        })
        // The server may have accepted the copies and refused the recipient.
        const refusal = rejectedErrors.find(({ recipient }) => recipient === to.email)
        if (refusal) return outcomeOfSmtp(refusal, true)
        return { outcome: 'sent', id: idOf(message) }
      } catch (error) {
        if (closed && !written.has(limit.signal))
          return {
            outcome: 'retry',
            reason: 'closed',
            detail: 'the account was closed before the message was sent',
          }
        return outcomeOfSmtp(error, written.has(limit.signal))
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
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
            throw new Error(`no login within ${limitMs / 1_000} s`)
          }),
        ])
      } catch (error) {
        throw new Error(`cannot log in to ${config.host}:${config.port}: ${explain(error)}`, {
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

/**
 * Returns an error's message, or for SMTP errors the detail of their outcome, which contains advice on the
 * settings.
 */
const explain = (error: unknown): string => {
  if (!(error instanceof Error) || !('code' in error || 'reason' in error))
    return error instanceof Error ? error.message : String(error)
  const outcome = outcomeOfSmtp(error, false)
  if (outcome.outcome === 'sent') return error.message
  return outcome.detail
}

/** Sends over any SMTP server (RFC 5321), with a connection pool. `limitMs` is the time limit of one send. */
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
