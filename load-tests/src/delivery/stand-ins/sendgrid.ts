import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { standIn } from './http.ts'

/** A mail that was taken: `id` names it in what is reported of it. */
type Taken = { id: string; to: string }

/** SendGrid's Mail Send API, for one account, and the bundles of events it sends back. */
export const sendgrid = async () => {
  const apiKey = `SG.${randomBytes(16).toString('hex')}`
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const service = await standIn<Taken>({
    understand: ({ method, path, headers, body }) => {
      if (method !== 'POST' || path !== '/v3/mail/send')
        throw new Error(`${method} ${path} is not of the API`)
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
    /** What to store as the account. */
    account: {
      provider: 'sendgrid',
      config: {
        apiKey,
        from: { email: 'bell@acme.example' },
        baseUrl: service.url,
        webhookPublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      },
    },
    /** Posts a bundle of events, signed as SendGrid signs. Resolves to the status of the answer. */
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
