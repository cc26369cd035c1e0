import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { standIn } from './http.ts'

/** An accepted message. `id` identifies it in reports. */
type Accepted = { id: string; to: string }

/** Starts a stand-in for SendGrid's Mail Send API with one account, which can send events. */
export const sendgrid = async () => {
  const apiKey = `SG.${randomBytes(16).toString('hex')}`
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const service = await standIn<Accepted>({
    parse: ({ method, path, headers, body }) => {
      if (method !== 'POST' || path !== '/v3/mail/send')
        throw new Error(`${method} ${path} is not part of the API`)
      if (headers.authorization !== `Bearer ${apiKey}`) throw new Error('the API key is wrong')
      const { personalizations } = JSON.parse(body.toString()) as {
        personalizations: { to: { email: string }[] }[]
      }
      return { id: randomBytes(11).toString('hex'), to: personalizations[0]?.to[0]?.email ?? '' }
    },
    answer: ({ id }) => ({ status: 202, headers: { 'x-message-id': id } }),
  })
  return {
    ...service,
    /** The account to store. */
    account: {
      provider: 'sendgrid',
      config: {
        apiKey,
        from: { email: 'bell@acme.example' },
        baseUrl: service.url,
        webhookPublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      },
    },
    /** Posts a signed batch of events. Returns the status of the response. */
    report: async (url: string, events: readonly object[]): Promise<number> => {
      const body = JSON.stringify(events)
      const timestamp = String(Math.floor(Date.now() / 1_000))
      const signature = sign('sha256', Buffer.from(`${timestamp}${body}`), privateKey).toString('base64')
      const { status } = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-twilio-email-event-webhook-signature': signature,
          'x-twilio-email-event-webhook-timestamp': timestamp,
        },
        body,
      })
      return status
    },
  }
}
