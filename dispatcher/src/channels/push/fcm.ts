import { createPrivateKey, randomUUID } from 'node:crypto'
import type { Outcome, Provider } from '@carillon/core/delivery/provider'
import { EmailAddress, WebUrl } from '@carillon/schemas'
import type { Message, Messaging, SendResponse } from 'firebase-admin/messaging'
import { z } from 'zod'
import { type FcmLimits, fcmAgent } from './fcm-agent.ts'
import { outcomeOfFcmError, outcomeOfTokenError } from './fcm-errors.ts'
import { fcmMessage } from './fcm-message.ts'
import { serviceCredential } from './fcm-token.ts'
import { deviceOf } from './push-content.ts'

const isRsa = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

const Config = z.strictObject({
  serviceAccount: z
    .object({
      project_id: z.string().regex(/^[a-z0-9:.-]{1,128}$/, 'must be the id of a project'),
      client_email: EmailAddress,
      private_key: z.string().refine(isRsa, 'must be an RSA key (PEM)'),
    })
    .describe('The JSON file of a service account that may send messages'),
  endpoint: WebUrl.regex(/^https:/, 'must be an https URL')
    .optional()
    .describe('Connected to in place of Google'),
  ca: z.string().optional().describe('Who signed the certificate of the endpoint (PEM)'),
})
type Config = z.infer<typeof Config>

const BATCH_MAX = 500

/**
 * Takes firebase-admin's own repeating from it: up to four times, after pauses of up to a minute, unseen by whoever
 * keeps count, pace and deadlines here. The setting has no public name; were it to move, repeats would be back, no more.
 */
const withoutRepeats = (messaging: Messaging): Messaging => {
  const { messagingRequestHandler } = messaging as unknown as {
    messagingRequestHandler?: { httpClient?: { retry?: unknown } }
  }
  if (messagingRequestHandler?.httpClient) messagingRequestHandler.httpClient.retry = undefined
  return messaging
}

type Waiting = {
  message: Message
  taken: boolean
  done(outcome: Outcome): void
  failed(error: unknown): void
}

/**
 * Firebase Cloud Messaging by firebase-admin, over HTTP/1.1 with kept connections: its HTTP/2 makes a connection for
 * every batch. A repeat replaces what the device shows, so repeating does no harm.
 */
export const createFcm = (limits: FcmLimits): Provider<Config> => ({
  name: 'fcm',
  channels: ['push'],
  config: Config,
  repeatable: true,
  concurrency: 100,
  needs: () => 'device',

  open: ({ serviceAccount, endpoint, ca }, { http }) => {
    const connections = fcmAgent({
      endpoint: endpoint === undefined ? undefined : new URL(endpoint),
      ca,
      resolve: http.resolve,
      connections: 100,
      limits,
    })
    const { agent } = connections
    const waiting: Waiting[] = []
    let tokenFault: Outcome | undefined

    const service = serviceCredential(serviceAccount, agent)
    const credential = {
      getAccessToken: async () => {
        try {
          return await service.getAccessToken()
        } catch (error) {
          tokenFault = outcomeOfTokenError(error)
          throw error
        }
      },
    }

    /** firebase-admin is large: it is loaded when the first account that needs it is used. */
    const open = async () => {
      const [{ deleteApp, initializeApp }, { getMessaging }] = await Promise.all([
        import('firebase-admin/app'),
        import('firebase-admin/messaging'),
      ])
      const projectId = serviceAccount.project_id
      const app = initializeApp({ credential, projectId, httpAgent: agent }, `carillon-${randomUUID()}`)
      const messaging = withoutRepeats(getMessaging(app))
      messaging.enableLegacyHttpTransport()
      return { messaging, end: () => deleteApp(app) }
    }
    let firebase: ReturnType<typeof open> | undefined
    const opened = () => {
      firebase ??= open()
      return firebase
    }

    const outcomeOf = ({ success, messageId, error }: SendResponse): Outcome => {
      if (success) return { outcome: 'sent', id: messageId?.split('/').at(-1) }
      if (!error) throw new TypeError('a message that was not sent has no error')
      if (error.code === 'app/invalid-credential' && tokenFault) return tokenFault
      return outcomeOfFcmError(error, connections.afterMs())
    }

    const flush = async () => {
      const batch = waiting.splice(0, BATCH_MAX)
      if (waiting.length > 0) setImmediate(flush)
      for (const one of batch) one.taken = true
      if (batch.length === 0) return
      try {
        const { messaging } = await opened()
        const { responses } = await messaging.sendEach(batch.map(({ message }) => message))
        for (const [at, one] of batch.entries()) {
          const response = responses[at]
          if (response) one.done(outcomeOf(response))
        }
      } catch (error) {
        for (const one of batch) one.failed(error)
      }
    }

    return {
      send: (outgoing, signal) =>
        new Promise((resolve, reject) => {
          const { token } = deviceOf('fcm', outgoing)
          const settle = () => {
            clearTimeout(late)
            signal.removeEventListener('abort', onAbort)
          }
          const one: Waiting = {
            message: { token, ...fcmMessage(outgoing) },
            taken: false,
            done: (outcome) => {
              settle()
              resolve(outcome)
            },
            failed: (error) => {
              settle()
              reject(error)
            },
          }
          const giveUp = (detail: string) => {
            if (!one.taken) waiting.splice(waiting.indexOf(one), 1)
            one.done({ outcome: one.taken ? 'doubt' : 'retry', reason: 'timeout', detail })
          }
          const onAbort = () => giveUp('ended before there was an answer')
          const late = setTimeout(giveUp, limits.totalMs, `no answer within ${limits.totalMs / 1_000} s`)
          signal.addEventListener('abort', onAbort, { once: true })
          if (waiting.push(one) === 1) setImmediate(flush)
          if (signal.aborted) onAbort()
        }),

      verify: async () => {
        await opened()
        await credential.getAccessToken()
      },

      close: async () => {
        connections.close()
        if (firebase) await (await firebase).end()
      },
    }
  },
})

export const fcm = createFcm({ connectMs: 4_000, answerMs: 10_000, totalMs: 15_000 })
