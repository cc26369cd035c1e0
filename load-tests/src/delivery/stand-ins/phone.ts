import { createHmac, randomBytes } from 'node:crypto'
import { type Answer, type StandIn, standIn } from './http.ts'

/** A text that was taken. `sid` names it in what is reported of it. */
export type Text = { sid: string; to: string; body: string; callback?: string }

/** A permanent refusal as Twilio words it: the number is none. */
export const INVALID_NUMBER: Answer = {
  status: 400,
  body: { code: 21211, message: "The 'To' number is not a valid phone number.", status: 400 },
}

/** Twilio's Messages API, for one account, and the reports it sends back. */
export const phoneCompany = async () => {
  const accountSid = `AC${randomBytes(16).toString('hex')}`
  const authToken = randomBytes(16).toString('hex')
  const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`

  const company: StandIn<Text> = await standIn({
    understand: ({ method, path, headers, body }) => {
      if (method !== 'POST' || path !== `/2010-04-01/Accounts/${accountSid}/Messages.json`)
        throw new Error(`${method} ${path} is not of the API`)
      if (headers.authorization !== basic) throw new Error('the credentials are wrong')
      const form = new URLSearchParams(body.toString())
      const [to, text] = [form.get('To'), form.get('Body')]
      if (!to || !text || !form.get('From')) throw new Error('To, From and Body are required')
      const sid = `SM${randomBytes(16).toString('hex')}`
      return { sid, to, body: text, callback: form.get('StatusCallback') ?? undefined }
    },
    answer: ({ sid }) => ({ status: 201, body: { sid, status: 'queued' } }),
  })

  return {
    ...company,
    /** What to store as the account. */
    account: {
      provider: 'twilio',
      channels: ['sms'],
      config: { accountSid, authToken, from: '+15550100', baseUrl: company.url },
    },
    /**
     * Reports what became of a text to where it said, signed as Twilio signs. Requests to `publicUrl` go to `hub`, as
     * through the proxy in front of it. Resolves to the status of the answer.
     */
    report: async (
      { sid, to, callback = '' }: Text,
      said: Record<string, string>,
      { publicUrl, hub }: { publicUrl: string; hub: string },
    ): Promise<number> => {
      const params: Record<string, string> = { MessageSid: sid, To: to, AccountSid: accountSid, ...said }
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
