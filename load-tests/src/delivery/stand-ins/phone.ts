import { createHmac, randomBytes } from 'node:crypto'
import { type Answer, type StandIn, standIn } from './http.ts'

/** An accepted text message. `sid` identifies it in reports. */
export type Text = { sid: string; to: string; from: string; body: string; callback?: string }

/** Twilio's response to an invalid number. */
export const INVALID_NUMBER: Answer = {
  status: 400,
  body: { code: 21211, message: "The 'To' number is not a valid phone number.", status: 400 },
}

/** Starts a stand-in for Twilio's Messages API with one account, which can send reports. */
export const phoneProvider = async () => {
  const accountSid = `AC${randomBytes(16).toString('hex')}`
  const authToken = randomBytes(16).toString('hex')
  const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`

  const provider: StandIn<Text> = await standIn({
    parse: ({ method, path, headers, body }) => {
      if (method !== 'POST' || path !== `/2010-04-01/Accounts/${accountSid}/Messages.json`)
        throw new Error(`${method} ${path} is not part of the API`)
      if (headers.authorization !== basic) throw new Error('the credentials are wrong')
      const form = new URLSearchParams(body.toString())
      const [to, from, text] = [form.get('To'), form.get('From'), form.get('Body')]
      if (!to || !text || !from) throw new Error('To, From and Body are required')
      const sid = `SM${randomBytes(16).toString('hex')}`
      return { sid, to, from, body: text, callback: form.get('StatusCallback') ?? undefined }
    },
    answer: ({ sid }) => ({ status: 201, body: { sid, status: 'queued' } }),
  })

  return {
    ...provider,
    /** The account to store. */
    account: {
      provider: 'twilio',
      channels: ['sms'],
      config: { accountSid, authToken, from: '+15550100', baseUrl: provider.url },
    },
    /**
     * Posts a signed report to the callback URL of a message, with `publicUrl` replaced by `hub`, as a proxy would do. Returns
     * the status of the response.
     */
    report: async (
      { sid, to, callback = '' }: Text,
      fields: Record<string, string>,
      { publicUrl, hub }: { publicUrl: string; hub: string },
    ): Promise<number> => {
      const params: Record<string, string> = { MessageSid: sid, To: to, AccountSid: accountSid, ...fields }
      const signed = Object.keys(params)
        .sort()
        .reduce((text, name) => `${text}${name}${params[name]}`, callback)
      const { status } = await fetch(callback.replace(publicUrl, hub), {
        method: 'POST',
        headers: { 'x-twilio-signature': createHmac('sha1', authToken).update(signed).digest('base64') },
        body: new URLSearchParams(params),
      })
      return status
    },
  }
}
