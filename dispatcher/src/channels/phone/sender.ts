import type { Outcome, Outgoing, Sender, Tools } from '@carillon/core/delivery/provider'
import type { HttpAnswer, HttpRequest } from '@carillon/core/http/port'
import { NO_TEXT, outcomeOfFailure } from '../outcome.ts'

/** A phone number in E.164 format, with the leading +. */
export const E164 = /^\+[1-9]\d{6,14}$/

/** The value of `Authorization` for HTTP Basic (RFC 7617). */
export const basicAuth = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** The differences between the HTTP APIs of phone providers. */
export type PhoneApi = {
  text(message: Outgoing): string
  /** Builds the POST that sends `text`, which is never empty, to an E.164 number. */
  request(to: string, text: string, message: Outgoing): HttpRequest
  outcome(answer: HttpAnswer): Outcome
  /** A request that tests the account without sending anything. */
  check: HttpRequest
  /** Returns the fault of the account according to the response to `check`; undefined if it has none. */
  problem(answer: HttpAnswer): string | undefined
}

/**
 * Creates a sender of text messages. A request without a response is in doubt once it was written, because
 * none of these providers accepts an idempotency key.
 */
export const phoneSender = ({ http }: Tools, api: PhoneApi): Sender => ({
  async send(message, signal) {
    const { address } = message
    if (address.kind !== 'phone' || !E164.test(address.phone))
      return {
        outcome: 'refused',
        reason: 'invalid_number',
        detail: 'the phone number is not in E.164 format',
      }
    const text = api.text(message)
    if (text === '') return NO_TEXT
    try {
      return api.outcome(
        await http.request({ ...api.request(address.phone, text, message), method: 'POST', signal }),
      )
    } catch (error) {
      return outcomeOfFailure(error)
    }
  },
  async verify() {
    const problem = api.problem(await http.request({ ...api.check, method: 'GET' }))
    if (problem !== undefined) throw new Error(problem)
  },
  close: async () => {},
})
