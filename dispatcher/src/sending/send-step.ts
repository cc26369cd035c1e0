import type { Capture } from '@carillon/core/delivery/captured'
import type { Reachability } from '@carillon/core/delivery/reachability'
import { dueAt, type Step } from '@carillon/core/delivery/step'
import { appUrlOf } from '@carillon/core/notification/links'
import { type Said, saidBy } from '@carillon/core/render/said'
import type { StepDecision } from '@carillon/core/routing/decision'
import { next } from '@carillon/core/routing/due-step'
import { faultText } from '@carillon/core/routing/template-failure'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Passed } from '@carillon/core/store/ports/deliveries'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { TemplateFault } from '@carillon/core/template/type-templates'
import type { Channel, EmailOverrides } from '@carillon/schemas'
import type { OpenAccount } from './accounts.ts'
import type { Candidate, Destination } from './candidate.ts'
import { createRealSends } from './capture-real-sends.ts'
import type { Claims } from './claim.ts'
import { type Consequences, consequences } from './consequences.ts'
import type { Ending } from './ending.ts'
import { endingOf, endingOfDecision } from './ending-of.ts'
import { type Answer, failover } from './failover.ts'
import { senderOf } from './from-address.ts'
import { channelOf, type Times } from './ledger-changes.ts'
import type { LinksOf } from './links.ts'
import type { Known } from './lookup.ts'
import { type Mail, overridesOf, type PrepareMail } from './mail-extras.ts'
import { codeOf } from './otp-code.ts'
import type { Permits } from './permit.ts'
import type { RetrySettings } from './retry.ts'
import type { Send } from './send.ts'
import { split } from './split-destinations.ts'

export type SendStepPorts = {
  store: Pick<Store, 'deliveries'>
  seal: Pick<Seal, 'open'>
  reachability: Reachability<OpenAccount>
  prepareMail: PrepareMail
  permits: Permits
  claims: Claims
  send: Send
  linksOf: LinksOf
  metrics: Pick<Metrics, 'inDoubt' | 'sendSeconds' | 'skipped' | 'templateErrors'>
  /** Development only: also lists what could not be sent. */
  capture?: Capture
}

export type SendStepOptions = {
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

type Beginning = Omit<Times, 'now'>

const passedOf = ({ at, stage, by, path, reason }: StepDecision): Passed => ({
  ...{ at, stage, by },
  ...(path === undefined ? {} : { path }),
  ...(reason === undefined ? {} : { reason }),
})

/**
 * Handles a due step: still wanted → destination → texts → permit → claim → send → consequences. It waits for a permit only for a
 * moment. A longer wait goes back into the event log with a time, so that a slow provider does not delay others. `begun`
 * is the time that decides whether the step is still wanted, epoch ms. The result contains all consequences except the
 * plan's next step, which is scheduled already. Idempotent.
 */
export const createSendStep = (ports: SendStepPorts, options: SendStepOptions) => {
  const { store, seal, reachability, prepareMail, permits, claims, send, linksOf } = ports
  const { metrics, capture } = ports
  const realSends = createRealSends(capture)

  /**
   * Tries one candidate, with its permit. The claim comes last, so that a step that waits, or lacks a file, has not
   * claimed anything.
   */
  const ask = async (
    step: Step,
    { said, mail }: { said: Said; mail: Mail },
    candidate: Candidate,
    claim: () => ReturnType<Claims['claim']>,
  ): Promise<Answer> => {
    const permit = await permits(step, candidate)
    if (permit.outcome !== undefined) return permit
    try {
      const added = await mail.extras()
      if (added.outcome !== undefined) return added
      const claimed = await claim()
      return claimed.claim === 'ours'
        ? await send(step, { ...said, extras: added.extras }, candidate, permit)
        : { outcome: 'taken', claim: claimed }
    } finally {
      permit.release()
    }
  }

  /** Makes one attempt to reach one destination, with failover from one candidate to the next. */
  const attempt = async (
    step: Step,
    known: Known,
    { candidates }: Destination,
  ): Promise<{ ending: Ending; now: number; leftOut: readonly Passed[] }> => {
    const channel = channelOf(step)
    const tenancy = known.tenancy(step)
    const person = known.person(step)
    const overrides = overridesOf(seal, step)
    const texts = { content: known.content(step), code: codeOf(seal, step), templates: known.templates(step) }
    const urls = { links: await linksOf(step, known, overrides), appUrl: appUrlOf(tenancy, options) }
    const spoken = saidBy(step, { ...texts, ...urls, person, tenancy, overrides, now: Date.now() })
    if ('faults' in spoken) {
      metrics.templateErrors.inc({ type: step.type })
      return { ending: unrendered(spoken.faults[0]), now: Date.now(), leftOut: [] }
    }
    const mail = await prepareMail(step, overrides as EmailOverrides | undefined, person.profile)
    const said: Said = { ...spoken, sender: senderOf(tenancy, channel) }
    const repeatable = candidates.every(({ account }) => account.provider.repeatable)
    let claiming: ReturnType<Claims['claim']> | undefined
    const claim = () => {
      claiming ??= claims.claim(step, step.priority === 'critical' || repeatable)
      return claiming
    }
    const message = { said, mail }
    const result = await failover(candidates, (candidate) => ask(step, message, candidate, claim)).finally(
      mail.release,
    )
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

  /** Ends a step that is not sent now. */
  const leaveOut = (step: Step, known: Known, decision: StepDecision, times: Beginning): Consequences => {
    const ending = endingOfDecision(decision)
    if (ending.ending === 'skipped') {
      const { stage, reason } = ending.decision
      metrics.skipped.inc({ channel: channelOf(step), reason })
      if (stage === 'send') realSends.skipped(step, known.content(step), reason)
    }
    return consequences(step, ending, { ...times, now: Date.now() })
  }

  /** Splits a step into one for each destination. */
  const splitUp = async (step: Step, destinations: readonly Destination[], times: Beginning) => {
    const names = destinations.map(({ destination }) => destination)
    const parts = split(step, names, { ...times, now: Date.now() })
    // Recorded before any of them is sent, because one that fails at once must find the others in the ledger.
    await store.deliveries.record(step.tenant, parts.changes)
    return parts
  }

  return async (step: Step, known: Known, begun: number): Promise<Consequences> => {
    const wanted = next(step, known.facts(step, begun))
    const critical = known.subject(step).critical !== undefined
    const found =
      wanted.outcome === 'pass'
        ? await reachability(step, known.person(step), { critical, tenancy: known.tenancy(step), now: begun })
        : { decision: wanted }
    const times = { begun, passed: wanted.outcome === 'pass' ? [passedOf(wanted)] : [] }
    if (found.destinations === undefined) return leaveOut(step, known, found.decision, times)
    const [only, ...others] = found.destinations
    if (!only || others.length > 0) return splitUp(step, found.destinations, times)
    const one = { ...step, destination: only.destination }
    const { ending, now, leftOut } = await attempt(one, known, only)
    const followed = consequences(one, ending, { ...times, passed: [...times.passed, ...leftOut], now })
    realSends.attempted(one, known.content(step), followed.changes)
    return followed
  }
}

export type SendStep = ReturnType<typeof createSendStep>
