import type { Outcome } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { z } from 'zod'
import { forRecipient, oneLine, outcomeOfStatus, outcomeOfSuccess } from '../outcome.ts'

/**
 * Errors of https://docs.slack.dev/reference/methods/chat.postMessage that are not refusals of one message. "Channel not
 * found" is a refusal that keeps the device: the channel may belong to another workspace, or the bot was not invited yet.
 */
const ACCOUNT = new Set([
  'access_denied',
  'accesslimited',
  'account_inactive',
  'as_user_not_supported',
  'deprecated_endpoint',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'invalid_auth',
  'is_bot',
  'message_limit_exceeded',
  'method_deprecated',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'restricted_action',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
  'two_factor_setup_required',
])
const TEMPORARY = new Set([
  'external_channel_migrating',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
])
/** Errors after which the message may have been posted. */
const IN_DOUBT = new Set(['fatal_error', 'internal_error'])

const outcomeOfError = (error: string): Outcome => {
  const reason = /^[a-z][a-z0-9_]{1,63}$/.test(error) ? error : 'refused'
  const detail = oneLine(`Slack: ${reason}`)
  if (error === 'ratelimited' || error === 'rate_limited')
    return { outcome: 'retry', reason: 'rate_limited', detail, scope: 'recipient' }
  if (TEMPORARY.has(error)) return { outcome: 'retry', reason: 'provider_error', detail }
  if (IN_DOUBT.has(error)) return { outcome: 'doubt', reason, detail }
  if (ACCOUNT.has(error)) return { outcome: 'account', reason, detail }
  return { outcome: 'refused', reason, detail }
}

export const SlackAnswer = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  channel: z.string().optional(),
  ts: z.string().optional(),
})

/**
 * Maps the response of a Web API method to an outcome. Slack allows one message a second for each channel:
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
export const outcomeOfMethod = (answer: HttpAnswer): Outcome => {
  if (answer.status !== 200) return forRecipient(outcomeOfStatus(answer))
  const body = readJson(answer.body, SlackAnswer)
  if (body?.ok === false) return outcomeOfError(body.error ?? 'refused')
  return outcomeOfSuccess(body?.ts === undefined ? undefined : `${body.channel ?? ''}/${body.ts}`)
}

/**
 * Maps the response of an incoming webhook, a status and an error word, to an outcome. A deleted channel or workspace is
 * the account's fault.
 */
export const outcomeOfWebhook = (answer: HttpAnswer): Outcome => {
  const error = /^[a-z_]{1,64}$/.test(answer.body.trim()) ? answer.body.trim() : ''
  if ([403, 404, 410].includes(answer.status))
    return { outcome: 'account', reason: error || 'gone', detail: `HTTP ${answer.status} ${error}` }
  if (answer.status === 400 && error !== '')
    return { outcome: 'refused', reason: error, detail: `HTTP 400 ${error}` }
  return forRecipient(outcomeOfStatus(answer, error))
}
