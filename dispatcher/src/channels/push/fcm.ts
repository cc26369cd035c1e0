import { createPrivateKey } from 'node:crypto'
import type { Outcome, Provider } from '@carillon/core/delivery/provider'
import { EmailAddress, WebUrl } from '@carillon/schemas'
import type { Message, SendResponse } from 'firebase-admin/messaging'
import { z } from 'zod'
import { type FcmLimits, fcmAgent } from './fcm-agent.ts'
import { openFcmApp } from './fcm-app.ts'
import { batchSender } from './fcm-batches.ts'
import { outcomeOfFcmError, outcomeOfTokenError } from './fcm-errors.ts'
import { fcmMessage } from './fcm-message.ts'
import { serviceCredential } from './fcm-token.ts'
import { deviceOf } from './message-fields.ts'

const isRsa = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

const FcmConfig = z.strictObject({
  serviceAccount: z
    .object({
      project_id: z.string().regex(/^[a-z0-9:.-]{1,128}$/, 'must be a project id'),
      client_email: EmailAddress,
      private_key: z.string().refine(isRsa, 'must be an RSA private key (PEM)'),
    })
    .describe('The JSON file of a service account with permission to send messages'),
  dataOnly: z
    .boolean()
    .default(false)
    .describe(
      'Sends only data and no notification, so that Android and web apps show the message and its buttons themselves',
    ),
  endpoint: WebUrl.regex(/^https:/, 'must be an https URL')
    .optional()
    .describe('Used instead of the hosts of Google'),
  ca: z.string().optional().describe('The CA certificate of the endpoint (PEM)'),
})
type FcmConfig = z.infer<typeof FcmConfig>

/**
 * Creates the provider for Firebase Cloud Messaging, with firebase-admin over HTTP/1.1 and keep-alive; its HTTP/2 transport
 * opens a connection for every batch. Repeated sends are deduplicated by the device: the later one replaces the earlier one.
 */
export const createFcm = (limits: FcmLimits): Provider<FcmConfig> => ({
  name: 'fcm',
  channels: ['push'],
  config: FcmConfig,
  repeatable: true,
  concurrency: 100,
  needs: () => 'device',

  open: ({ serviceAccount, dataOnly, endpoint, ca }, { http }) => {
    const connections = fcmAgent({
      endpoint: endpoint === undefined ? undefined : new URL(endpoint),
      ca,
      resolve: http.resolve,
      connections: 100,
      limits,
    })
    const { agent } = connections
    let tokenOutcome: Outcome | undefined

    const service = serviceCredential(serviceAccount, agent)
    const credential = {
      getAccessToken: async () => {
        try {
          return await service.getAccessToken()
        } catch (error) {
          tokenOutcome = outcomeOfTokenError(error)
          throw error
        }
      },
    }

    let app: ReturnType<typeof openFcmApp> | undefined
    const opened = () => {
      app ??= openFcmApp(serviceAccount.project_id, credential, agent)
      return app
    }

    const outcomeOf = ({ success, messageId, error }: SendResponse): Outcome => {
      if (success) return { outcome: 'sent', id: messageId?.split('/').at(-1) }
      if (!error) throw new TypeError('a message that was not sent has no error')
      if (error.code === 'app/invalid-credential' && tokenOutcome) return tokenOutcome
      return outcomeOfFcmError(error, connections.afterMs())
    }

    const sendEach = async (messages: Message[]) => {
      const { messaging } = await opened()
      return (await messaging.sendEach(messages)).responses
    }
    const send = batchSender({ sendEach, outcomeOf, totalMs: limits.totalMs })

    return {
      send: async (outgoing, signal) => {
        const { token } = deviceOf('fcm', outgoing)
        return send({ token, ...fcmMessage(outgoing, { dataOnly }) }, signal)
      },

      verify: async () => {
        await opened()
        await credential.getAccessToken()
      },

      close: async () => {
        connections.close()
        if (app) await (await app).close()
      },
    }
  },
})

export const fcm = createFcm({ connectMs: 4_000, answerMs: 10_000, totalMs: 15_000 })
