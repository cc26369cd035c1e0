import type { Outcome } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { z } from 'zod'
import { outcomeOfSuccess } from '../outcome.ts'
import { errorTable, outcomeOfError } from './error-codes.ts'

/** Error codes of API responses and status callbacks: https://www.twilio.com/docs/api/errors */
export const TWILIO_ERRORS = errorTable([
  { outcome: 'refused', reason: 'opted_out', forget: 'stop', codes: [21610] },
  { outcome: 'refused', reason: 'invalid_number', codes: [21211, 21217, 21604, 30005] },
  { outcome: 'refused', reason: 'not_mobile', codes: [21614, 30006] },
  { outcome: 'refused', reason: 'unreachable', codes: [30003, 30008] },
  { outcome: 'refused', reason: 'blocked', codes: [30004, 63033] },
  { outcome: 'refused', reason: 'filtered', codes: [30007] },
  { outcome: 'refused', reason: 'expired', codes: [30036] },
  { outcome: 'refused', reason: 'invalid_content', codes: [21602, 21617, 21619, 63005, 63013, 63021] },
  { outcome: 'refused', reason: 'invalid_media', codes: [21620, 21623, 63019] },
  { outcome: 'refused', reason: 'outside_window', codes: [63016] },
  { outcome: 'refused', reason: 'not_on_whatsapp', codes: [63003, 63024, 63015] },
  { outcome: 'refused', reason: 'withheld', codes: [63032, 63049] },
  // Too many messages between two numbers.
  { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', codes: [14107] },
  {
    outcome: 'retry',
    reason: 'rate_limited',
    scope: 'account',
    codes: [20429, 21611, 30001, 30022, 63017, 63018, 63119],
  },
  { outcome: 'retry', reason: 'provider_error', codes: [63002, 63010, 63012] },
  { outcome: 'account', reason: 'not_authorized', codes: [20003, 20005, 20404, 30002, 63001, 63051, 63112] },
  { outcome: 'account', reason: 'region_not_enabled', codes: [21408] },
  { outcome: 'account', reason: 'not_verified', codes: [21608] },
  { outcome: 'account', reason: 'quota', codes: [30023, 63038] },
  {
    outcome: 'account',
    reason: 'invalid_sender',
    codes: [21212, 21401, 21601, 21603, 21606, 21612, 21659, 21660, 21703, 21704, 21705, 30034, 63007, 63020],
  },
])

const Created = z.object({ sid: z.string().min(1).max(128) })
const Failed = z.object({ code: z.int() })

/** Maps Twilio's response to a send request to an outcome. */
export const outcomeOfTwilio = (answer: HttpAnswer): Outcome => {
  if (answer.status >= 200 && answer.status < 300)
    return outcomeOfSuccess(readJson(answer.body, Created)?.sid)
  const code = readJson(answer.body, Failed)?.code
  return outcomeOfError(
    answer,
    code === undefined ? undefined : TWILIO_ERRORS.get(code),
    code === undefined ? '' : `Twilio error ${code}`,
  )
}
