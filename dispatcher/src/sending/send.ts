import { webhookUrl } from '@carillon/core/delivery/destinations'
import type { EndpointEnd, Endpoints } from '@carillon/core/delivery/endpoints'
import type { Outcome, Outgoing } from '@carillon/core/delivery/provider'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import { itemContent, type LinkBase } from '@carillon/core/render/item-content'
import { listedOf } from '@carillon/core/render/listed'
import type { StepMessage } from '@carillon/core/render/step-message'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { hostOf } from './address.ts'
import type { Candidate } from './candidate.ts'
import type { FailureLog, Place } from './failure-log.ts'
import type { Permit } from './permit.ts'
import { redacted } from './redact.ts'

export type SendPorts = {
  endpoints: Pick<Endpoints, 'ended'>
  failureLog: FailureLog
  metrics: Pick<Metrics, 'sends'>
}

/** Returns the base of links. Service workers resolve paths in their own app. */
const linkBase = (address: Candidate['address'], appUrl: string | undefined): LinkBase =>
  address.kind === 'device' && address.device.kind === 'web-push' ? { as: 'given' } : appUrl

const outgoing = (
  step: Step,
  { content, texts, appUrl, sender, unsubscribeUrl, brand, extras, push, digestItems }: StepMessage,
  { address }: Candidate,
): Outgoing => {
  const { tenant, user, notification, type, priority, at, expiresAt } = step
  const { channel } = step.plan[step.index]!
  return {
    tenant,
    user,
    channel,
    notification,
    item: step.item,
    type,
    priority,
    at,
    expiresAt,
    address,
    content: { ...itemContent(content, linkBase(address, appUrl)), ...texts, ...(brand && { brand }) },
    ...(digestItems && channel === 'webhook' ? { listed: listedOf(digestItems, appUrl) } : {}),
    key: deliveryKey(step, step.destination ?? ''),
    attempt: step.attempt ?? 1,
    ...(sender ? { sender } : {}),
    ...(extras ? { extras } : {}),
    ...(push ? { push } : {}),
    ...(unsubscribeUrl !== undefined && address.kind === 'email' ? { unsubscribeUrl } : {}),
  }
}

const placeOf = ({ tenant }: Step, { account, address }: Candidate): Place => {
  const host = hostOf(address)
  const { id, provider } = account.account
  return { tenant, account: id, provider, ...(host === '' ? {} : { host }) }
}

const endOf = (outcome: Outcome): EndpointEnd => {
  if (outcome.outcome === 'sent') return 'worked'
  return outcome.reason === 'gone' ? 'gone' : 'failed'
}

/**
 * Sends one message to one candidate, with its permit. Resolves with the provider's outcome, without the
 * address.
 */
export const createSend =
  ({ endpoints, failureLog, metrics }: SendPorts) =>
  async (step: Step, rendered: StepMessage, candidate: Candidate, permit: Permit): Promise<Outcome> => {
    const { channel } = step.plan[step.index]!
    const message = outgoing(step, rendered, candidate)
    const answered = await permit.upstream.send(message)
    permit.ended(answered)
    const outcome = redacted(answered, candidate.address, message.extras)
    const url = webhookUrl(channel, candidate)
    if (url !== undefined) await endpoints.ended(step.tenant, url, endOf(outcome))
    metrics.sends.inc({ channel, outcome: outcome.outcome })
    failureLog.ended(placeOf(step, candidate), outcome)
    return outcome
  }

export type Send = ReturnType<typeof createSend>
