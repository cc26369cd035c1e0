import type { Outcome } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { z } from 'zod'
import { outcomeOfSuccess } from '../outcome.ts'
import { errorTable, outcomeOfError } from './error-codes.ts'

/** Error codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes */
const ERRORS = errorTable([
  { outcome: 'refused', reason: 'outside_window', codes: [131047] },
  { outcome: 'refused', reason: 'undeliverable', codes: [131026] },
  { outcome: 'refused', reason: 'opted_out', codes: [131050] },
  { outcome: 'refused', reason: 'invalid_number', codes: [131021] },
  { outcome: 'refused', reason: 'withheld', codes: [130472, 131049] },
  { outcome: 'refused', reason: 'invalid_content', codes: [131008, 131009, 131051, 132005, 132018] },
  { outcome: 'refused', reason: 'invalid_media', codes: [131052, 131053] },
  { outcome: 'refused', reason: 'invalid_parameter', codes: [100] },
  // The pair rate limit: too many messages from this number to the same user.
  { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', codes: [131056] },
  { outcome: 'retry', reason: 'rate_limited', scope: 'account', codes: [4, 80007, 130429, 133016] },
  { outcome: 'retry', reason: 'provider_error', codes: [1, 2, 131000, 131016, 131057, 133004] },
  {
    outcome: 'account',
    reason: 'not_authorized',
    codes: [0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 133010],
  },
  { outcome: 'account', reason: 'not_verified', codes: [131030, 131045] },
  { outcome: 'account', reason: 'region_not_enabled', codes: [130497] },
  { outcome: 'account', reason: 'quota', codes: [131042, 131048] },
  {
    outcome: 'account',
    reason: 'invalid_template',
    codes: [132000, 132001, 132007, 132012, 132015, 132016],
  },
])

/** Returns the meaning of an error code. Codes 200 to 299 are all "API Permission". */
export const whatsappErrorMeaning = (code: number) =>
  code >= 200 && code <= 299 ? ERRORS.get(10) : ERRORS.get(code)

const Accepted = z.object({ messages: z.array(z.object({ id: z.string().min(1).max(256) })).min(1) })
export const WhatsappError = z.object({ error: z.object({ code: z.int() }) })

/** Maps the response to a send request to an outcome. */
export const outcomeOfWhatsapp = (answer: HttpAnswer): Outcome => {
  if (answer.status >= 200 && answer.status < 300)
    return outcomeOfSuccess(readJson(answer.body, Accepted)?.messages[0]?.id)
  const code = readJson(answer.body, WhatsappError)?.error.code
  if (code === undefined) return outcomeOfError(answer, undefined, '')
  return outcomeOfError(answer, whatsappErrorMeaning(code), `WhatsApp error ${code}`)
}
