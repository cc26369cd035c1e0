import { readStep, type Step } from '@carillon/core/delivery/step'
import { ProblemError } from '@carillon/core/errors'
import type { Store } from '@carillon/core/store/port'
import type { Message, Reader } from '@carillon/core/stream/port'
import { type Channel, parseStepSubject, SubjectError } from '@carillon/schemas'
import { MAX_DELIVERIES } from '../consumer/consumer.ts'
import { deadReasonOf } from '../consumer/dead-reason.ts'
import { type Outages, pauseMs, Stopped } from '../consumer/outages.ts'
import { following, type Handle } from './handle.ts'
import { type Known, lookUp } from './lookup.ts'
import { createSettle, type SettlePorts } from './settle.ts'

/** Steps looked up together at most. */
const BATCH = 64
const RETRY_PAUSES = { firstMs: 500, capMs: 30_000 }

export type QueuePorts = SettlePorts & {
  store: Store
  handle: Handle
  outages: Outages
}

const subjectOf = (message: Message) => {
  try {
    return parseStepSubject(message.subject)
  } catch (cause) {
    if (cause instanceof SubjectError) throw new ProblemError('subject_invalid', cause.message)
    throw cause
  }
}

/** Throws ProblemError for a message that is no step, or another than its subject names. */
const stepOf = (message: Message): Step => {
  const { channel, tenant } = subjectOf(message)
  const step = readStep(message.data)
  if (step.tenant !== tenant || step.plan[step.index]?.channel !== channel)
    throw new ProblemError('subject_invalid', 'the subject names another tenant or channel than the step')
  return step
}

/**
 * Reads one queue of a channel. As many steps are in hand as the reader holds; each is on its own, from its look-up, which
 * it shares with those that came with it, to its end, so a slow one holds up nobody.
 */
export const startQueue = (ports: QueuePorts, channel: Channel, reader: Reader) => {
  const { store, stream, handle, outages, log, metrics } = ports
  const inHand = new Set<Message>()
  let stopped = false
  let idle = () => {}

  /** A fault of ours or of the message, as in the pump. */
  const giveBack = async (message: Message, error: unknown): Promise<void> => {
    const { sequence, deliveries } = message
    const spent = deliveries >= MAX_DELIVERIES
    if (error instanceof ProblemError || spent) {
      const { reason, reference } = deadReasonOf(error, deliveries)
      await outages.through(() => reader.deadLetter([{ message, reason }]))
      metrics.deadLetters.inc({ code: reason.code })
      log.warn({ err: error, queue: reader.queue, sequence, reference }, 'put with the dead letters')
      return
    }
    log.error(
      { err: error, queue: reader.queue, sequence, deliveries },
      'a step failed and will be tried again',
    )
    metrics.retried.inc({ queue: reader.queue })
    await outages.through(() => reader.retry([message], pauseMs(RETRY_PAUSES, deliveries - 1)))
  }

  const settle = createSettle(ports, reader, giveBack)
  const release = (message: Message) => {
    inHand.delete(message)
    if (inHand.size === 0) idle()
  }
  settle.onSettled(release)

  const fail = (message: Message, error: unknown) =>
    giveBack(message, error)
      .catch((err) => {
        if (!(err instanceof Stopped)) log.error({ err, queue: reader.queue }, 'a step was given up')
      })
      .finally(() => release(message))

  const one = async (message: Message, step: Step, known: Known) => {
    try {
      settle.add(message, await outages.through(() => handle(step, known)))
    } catch (error) {
      if (error instanceof Stopped) return release(message)
      await fail(message, error)
    }
  }

  const batch = async (messages: readonly Message[]) => {
    const steps: { message: Message; step: Step }[] = []
    for (const message of messages) {
      try {
        if (message.deliveries > MAX_DELIVERIES)
          throw new Error(`delivered more than ${MAX_DELIVERIES} times`)
        steps.push({ message, step: stepOf(message) })
      } catch (error) {
        void fail(message, error)
      }
    }
    try {
      const known = await outages.through(() =>
        lookUp(
          store,
          channel,
          steps.map(({ step }) => step),
        ),
      )
      const next = steps.flatMap(({ step }) => following(step, known))
      if (next.length > 0) await outages.through(() => stream.publish(next))
      for (const { message, step } of steps) void one(message, step, known)
    } catch (error) {
      for (const { message } of steps)
        if (error instanceof Stopped) release(message)
        else void fail(message, error)
    }
  }

  const pump = () => {
    while (!stopped && !outages.now && reader.ready > 0) {
      const messages = reader.take(BATCH)
      for (const message of messages) inHand.add(message)
      void batch(messages)
    }
  }
  reader.onReady(pump)
  pump()

  return {
    /** Takes what waits, after a time in which nothing was taken. */
    pump,
    /** Takes no more, gives back what was not taken, and waits for what is in hand to end. */
    stop: async () => {
      stopped = true
      await reader.close()
      if (inHand.size > 0)
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      await settle.settled()
    },
  }
}
