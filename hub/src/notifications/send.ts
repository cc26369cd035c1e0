import { ProblemError } from '@carillon/core/errors'
import type { Payload } from '@carillon/core/notification/cloudevents'
import { derivedUuid7, uuid7Time } from '@carillon/core/notification/ids'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Problem, Warning } from '@carillon/schemas'
import { problemOf } from '../http/problems.ts'
import type { Idempotent } from '../idempotency/idempotent.ts'
import type { Acceptance, Accepted } from './accept.ts'
import type { FindAttached } from './attached.ts'

/** A request that sends notifications. `route` and `bytes` distinguish requests with the same Idempotency-Key. */
type Sending = {
  sender: Sender
  key: string | undefined
  route: string
  bytes: Uint8Array
  requestId: string
}

type Receipt = { id: string; warnings?: Warning[] }
type BatchResult = Receipt | { problem: Problem }

const receipt = ({ id, warnings }: Accepted): Receipt => ({
  id,
  ...(warnings.length > 0 ? { warnings } : {}),
})

/** Returns the id of the nth notification of a batch. It is the same for every retry of the batch. */
const idAt = (batch: string, index: number) =>
  derivedUuid7(uuid7Time(batch) ?? Date.now(), `batch\n${batch}\n${index}`)

/** Reads an entry of a batch. `read` returns it, or throws what reading it threw. */
const readOnce = (read: () => Payload): { payload?: Payload; read: () => Payload } => {
  try {
    const payload = read()
    return { payload, read: () => payload }
  } catch (error) {
    return {
      read: () => {
        throw error
      },
    }
  }
}

/** Thrown if no notification of a batch is accepted. Its idempotency key is released, for a corrected batch. */
export class NoneAccepted extends Error {
  override name = 'NoneAccepted'
  readonly results: readonly BatchResult[]
  constructor(results: readonly BatchResult[]) {
    super('none of the notifications was accepted; `results` has the reasons')
    this.results = results
  }
}

/**
 * Creates the functions that append notifications to the event log: one, or a batch whose entries are
 * accepted or rejected independently.
 */
export const createSend = (parts: {
  acceptance: Acceptance
  idempotent: Idempotent
  log: Log
  metrics: Pick<Metrics, 'faults'>
}) => {
  const { acceptance, idempotent, log, metrics } = parts

  /**
   * Validates an entry. An internal error is logged and rejects this entry only; a temporary problem is
   * thrown.
   */
  const check = async (
    { sender, requestId }: Sending,
    read: () => Payload,
    id: () => string,
    attached: FindAttached,
  ): Promise<Accepted | { problem: Problem }> => {
    try {
      return await acceptance.check(sender, read, id, { attached })
    } catch (err) {
      if (err instanceof ProblemError && err.problem.status >= 500) throw err
      if (!(err instanceof ProblemError)) {
        metrics.faults.inc({ where: 'request' })
        log.error({ err, requestId, tenant: sender.tenant }, 'an entry of a batch failed')
      }
      return { problem: problemOf(err) }
    }
  }

  /** Appends the accepted entries. Returns the result of every entry, in their order. */
  const append = async (checked: readonly (Accepted | { problem: Problem })[]): Promise<BatchResult[]> => {
    const accepted = checked.filter((entry): entry is Accepted => !('problem' in entry))
    const problems = await acceptance.append(accepted)
    const reused = new Map(accepted.map((entry, index) => [entry, problems[index]]))
    return checked.map((entry) => {
      if ('problem' in entry) return entry
      const error = reused.get(entry)
      return error ? { problem: problemOf(error) } : receipt(entry)
    })
  }

  return {
    /**
     * Responds with 202 and a receipt. Throws what `read` throws, and the problem that rejects the
     * notification.
     */
    one: (sending: Sending, read: () => Payload) =>
      idempotent(sending, async (id) => {
        const accepted = await acceptance.check(sending.sender, read, () => id)
        const [reused] = await acceptance.append([accepted])
        if (reused) throw reused
        return { status: 202, body: receipt(accepted) }
      }),

    /**
     * Responds with the results of the entries: 202 if all are accepted, otherwise 207. `entries` returns a
     * reader for each. Throws `NoneAccepted` if every entry is rejected.
     */
    batch: (sending: Sending, entries: () => (() => Payload)[]) =>
      idempotent(sending, async (id) => {
        const payloads = entries().map(readOnce)
        const attached = await acceptance.readAttached(
          sending.sender.tenant,
          payloads.flatMap(({ payload }) => payload ?? []),
        )
        const checked: (Accepted | { problem: Problem })[] = []
        for (const [index, { read }] of payloads.entries())
          checked.push(await check(sending, read, () => idAt(id, index), attached))
        const results = await append(checked)
        const refused = results.filter((result) => 'problem' in result).length
        if (refused === results.length && refused > 0) throw new NoneAccepted(results)
        return { status: refused === 0 ? 202 : 207, body: { results } }
      }),
  }
}

export type Send = ReturnType<typeof createSend>
