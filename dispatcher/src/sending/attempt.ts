import { dueAt, type Step } from '@carillon/core/delivery/step'
import { appUrlOf } from '@carillon/core/notification/links'
import { renderStep, type StepMessage } from '@carillon/core/render/step-message'
import { faultText } from '@carillon/core/routing/template-failure'
import type { Seal } from '@carillon/core/security/seal'
import type { Passed } from '@carillon/core/store/ports/deliveries'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { TemplateFault } from '@carillon/core/template/type-templates'
import type { Channel, EmailOverrides } from '@carillon/schemas'
import type { Candidate, Destination } from './candidate.ts'
import type { Claims } from './claim.ts'
import type { Ending } from './ending.ts'
import { endingOf } from './ending-of.ts'
import { type Answer, failover } from './failover.ts'
import { senderOf } from './from-address.ts'
import { channelOf } from './ledger-changes.ts'
import type { LinksOf } from './links.ts'
import type { Known } from './lookup.ts'
import { type Mail, overridesOf, type PrepareMail } from './mail-extras.ts'
import { messageSource } from './message-source.ts'
import { codeOf } from './otp-code.ts'
import type { Permits } from './permit.ts'
import type { AddPushExtras } from './push-extras.ts'
import type { RetrySettings } from './retry.ts'
import type { Send } from './send.ts'
import type { RecordShown } from './shown-push.ts'

export type AttemptPorts = {
  seal: Pick<Seal, 'open'>
  prepareMail: PrepareMail
  permits: Permits
  claims: Claims
  send: Send
  linksOf: LinksOf
  pushExtras: AddPushExtras
  recordShown: RecordShown
  metrics: Pick<Metrics, 'inDoubt' | 'sendSeconds' | 'templateErrors'>
}

export type AttemptOptions = {
  /** Settings that override the default retry policy of a channel. */
  retries: Partial<Record<Channel, RetrySettings>>
  /** The app URL of tenants that have not set their own. */
  appUrl?: string
}

const unrendered = (fault: TemplateFault): Ending => ({
  ending: 'unrendered',
  reason: 'template_error',
  detail: faultText(fault),
})

/** Returns a function that makes one attempt of a step to reach one destination. `begun` is when the step was due, epoch ms. */
export const createAttempt = (ports: AttemptPorts, options: AttemptOptions) => {
  const { seal, prepareMail, permits, claims, send, linksOf, pushExtras, recordShown, metrics } = ports

  /**
   * Tries one candidate, with its permit. The claim comes last, so that a step that waits, or lacks a file, has not
   * claimed anything.
   */
  const ask = async (
    step: Step,
    { rendered, mail }: { rendered: StepMessage; mail: Mail },
    candidate: Candidate,
    { record, claim }: { record(account: string): Promise<void>; claim(): ReturnType<Claims['claim']> },
  ): Promise<Answer> => {
    const permit = await permits(step, candidate)
    if (permit.outcome !== undefined) return permit
    try {
      const added = await mail.extras()
      if (added.outcome !== undefined) return added
      await record(candidate.account.account.id)
      const claimed = await claim()
      return claimed.claim === 'ours'
        ? await send(step, { ...rendered, extras: added.extras }, candidate, permit)
        : { outcome: 'taken', claim: claimed }
    } finally {
      permit.release()
    }
  }

  /** Fails over from one candidate to the next. */
  return async (
    step: Step,
    known: Known,
    destination: Destination,
    begun: number,
  ): Promise<{ ending: Ending; now: number; leftOut: readonly Passed[] }> => {
    const { candidates } = destination
    const channel = channelOf(step)
    const tenancy = known.tenancy(step)
    const person = known.person(step)
    const overrides = overridesOf(seal, step)
    const source = messageSource(step, known, begun)
    const { content, templates, summaries = [], digestItems } = source
    const urls = { links: await linksOf(step, source, overrides), appUrl: appUrlOf(tenancy, options) }
    const shared = {
      content,
      code: codeOf(seal, step),
      digestItems,
      ...urls,
      person,
      tenancy,
      overrides,
      now: Date.now(),
    }
    let messageOrFaults = renderStep(source.step, { ...shared, templates })
    if ('faults' in messageOrFaults) metrics.templateErrors.inc({ type: step.type })
    for (const summary of summaries)
      if ('faults' in messageOrFaults && summary !== templates)
        messageOrFaults = renderStep(source.step, { ...shared, templates: summary })
    if ('faults' in messageOrFaults) {
      return { ending: unrendered(messageOrFaults.faults[0]), now: Date.now(), leftOut: [] }
    }
    const mail = await prepareMail(step, overrides as EmailOverrides | undefined, person.profile)
    const rendered: StepMessage = {
      ...messageOrFaults,
      sender: senderOf(tenancy, channel),
      push: await pushExtras(step, known, source.step.item),
      ...(digestItems && { digestItems }),
    }
    const repeatable = candidates.every(({ account }) => account.provider.repeatable)
    let claiming: ReturnType<Claims['claim']> | undefined
    const claim = () => {
      claiming ??= claims.claim(step, step.priority === 'critical' || repeatable)
      return claiming
    }
    const record = (account: string) => recordShown(step, known, destination, account)
    const result = await failover(candidates, (candidate) =>
      ask(step, { rendered, mail }, candidate, { record, claim }),
    ).finally(mail.release)
    const now = Date.now()
    const ending = endingOf(step, result, { retries: options.retries, now })
    const claimed = await claiming
    // Every message in doubt is counted, whether it is resent or not.
    if (claimed?.claim === 'ours' && claimed.again) metrics.inDoubt.inc({ channel, resent: 'yes' })
    if (ending.ending === 'in_doubt') metrics.inDoubt.inc({ channel, resent: 'no' })
    else if (result.result === 'in_doubt') metrics.inDoubt.inc({ channel, resent: 'yes' })
    if (ending.ending === 'sent')
      metrics.sendSeconds.observe({ channel, priority: step.priority }, (now - dueAt(step)) / 1_000)
    return { ending, now, leftOut: mail.leftOut }
  }
}
