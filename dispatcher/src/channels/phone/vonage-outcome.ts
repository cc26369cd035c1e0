import type { Outcome } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { z } from 'zod'
import { outcomeOfSuccess } from '../outcome.ts'
import { type ErrorMeaning, errorTable, outcomeOfError } from './error-codes.ts'

/** Error codes of API responses and status webhooks: https://developer.vonage.com/en/api-errors/messages */
export const VONAGE_ERRORS = errorTable([
  { outcome: 'refused', reason: 'opted_out', forget: 'stop', codes: [1240] },
  { outcome: 'refused', reason: 'invalid_number', codes: [1170] },
  {
    outcome: 'refused',
    reason: 'unreachable',
    codes: [1040, 1180, 1190, 1200, 1220, 1250, 1260, 1300, 1310],
  },
  { outcome: 'refused', reason: 'blocked', codes: [1050, 1270, 1280, 1290] },
  { outcome: 'refused', reason: 'filtered', codes: [1210] },
  { outcome: 'refused', reason: 'expired', codes: [1360] },
  { outcome: 'refused', reason: 'outside_window', codes: [1340] },
  { outcome: 'refused', reason: 'invalid_content', codes: [1090] },
  { outcome: 'retry', reason: 'rate_limited', scope: 'account', codes: [1000, 1241] },
  { outcome: 'retry', reason: 'provider_error', codes: [1030, 1100, 1230] },
  { outcome: 'account', reason: 'not_authorized', codes: [1060, 1080, 1140] },
  { outcome: 'account', reason: 'quota', codes: [1070] },
  { outcome: 'account', reason: 'not_verified', codes: [1160] },
  { outcome: 'account', reason: 'invalid_sender', codes: [1120] },
])

/** The meaning of an invalid request parameter, by its name. */
const PARAMETERS: Record<string, ErrorMeaning> = {
  to: { outcome: 'refused', reason: 'invalid_number' },
  from: { outcome: 'account', reason: 'invalid_sender' },
  text: { outcome: 'refused', reason: 'invalid_content' },
}

const Accepted = z.object({ message_uuid: z.string().min(1).max(128) })
/**
 * An error as RFC 7807 problem details. The code is the end of `type`, such as `…/api-errors/messages#1120`, or in some
 * responses the `title`.
 */
export const VonageError = z.object({
  type: z.string().default(''),
  title: z.union([z.string(), z.int()]).default(''),
  invalid_parameters: z.array(z.object({ name: z.string().default('') })).default([]),
})

export const vonageErrorCode = ({ type, title }: z.infer<typeof VonageError>): number | undefined => {
  const code = /#(\d{4})$/.exec(type)?.[1] ?? /^\d{4}$/.exec(String(title))?.[0]
  return code === undefined ? undefined : Number(code)
}

/** Maps Vonage's response to a send request to an outcome. */
export const outcomeOfVonage = (answer: HttpAnswer): Outcome => {
  if (answer.status >= 200 && answer.status < 300)
    return outcomeOfSuccess(readJson(answer.body, Accepted)?.message_uuid)
  const failed = readJson(answer.body, VonageError)
  if (!failed) return outcomeOfError(answer, undefined, '')
  const parameter = failed.invalid_parameters
    .map(({ name }) => name)
    .find((name) => Object.hasOwn(PARAMETERS, name))
  if (parameter !== undefined && answer.status === 422)
    return outcomeOfError(answer, PARAMETERS[parameter], `Vonage rejected the parameter ${parameter}`)
  const code = vonageErrorCode(failed)
  return outcomeOfError(
    answer,
    code === undefined ? undefined : VONAGE_ERRORS.get(code),
    code === undefined ? '' : `Vonage error ${code}`,
  )
}
