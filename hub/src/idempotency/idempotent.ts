import { hash } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Log } from '@carillon/core/telemetry/log'
import { z } from 'zod'
import { newId } from './new-id.ts'
import type { Answer, Idempotency } from './port.ts'

export const IDEMPOTENCY_HEADER = 'Idempotency-Key'
/** The schema of the header. */
export const IdempotencyKey = z.object({
  [IDEMPOTENCY_HEADER]: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[!-~]([ -~]*[!-~])?$/)
    .optional()
    .meta({
      description:
        'A key chosen by the client, 1 to 255 printable ASCII characters. For 24 hours, the same key and body get the first response again; the same key with another body is refused',
      examples: ['order-7-shipped'],
    }),
})
export const DUPLICATES = ['idempotency_key_reused', 'idempotency_in_flight'] as const

const KEY = /^[\x20-\x7e]{1,255}$/

/**
 * Runs `work` once per Idempotency-Key and body (draft-ietf-httpapi-idempotency-key-header-07) and replays
 * its answer to later requests. `work` gets the same id on every attempt, so that a repetition after a crash
 * is deduplicated. Without a key, it only runs `work`. Throws `idempotency_key_reused`,
 * `idempotency_in_flight`, `invalid_request` for an invalid key, and what `work` throws. After `work` has
 * thrown, the key can be used again.
 */
export const createIdempotent =
  ({ idempotency, log }: { idempotency: Idempotency; log: Log }) =>
  async (
    request: { sender: Sender; key: string | undefined; route: string; bytes: Uint8Array },
    work: (id: string) => Promise<Answer>,
  ): Promise<Answer & { replayed: boolean }> => {
    const { sender, key, bytes } = request
    if (key === undefined) {
      const { status, body } = await work(newId())
      return { status, body, replayed: false }
    }
    if (!KEY.test(key))
      throw new ProblemError('invalid_request', 'an Idempotency-Key is 1 to 255 printable ASCII characters')

    const name = hash('sha256', `${sender.tenant}\n${sender.key}\n${key}`, 'base64url')
    const body = hash('sha256', Buffer.concat([Buffer.from(`${request.route}\n`), bytes]), 'base64url')
    const claim = await idempotency.claim(name, body, newId)
    if (claim.outcome === 'replay') return { ...claim.answer, replayed: true }
    if (claim.outcome === 'reused')
      throw new ProblemError('idempotency_key_reused', 'use a new Idempotency-Key for another request')
    if (claim.outcome === 'in_flight')
      throw new ProblemError('idempotency_in_flight', 'retry when the first request has finished')

    let answer: Answer
    try {
      answer = await work(claim.id)
    } catch (error) {
      await idempotency.release(name).catch((err) => {
        log.warn(
          { err, tenant: sender.tenant },
          'an Idempotency-Key could not be released; it stays in flight until it times out',
        )
      })
      throw error
    }
    await idempotency.finish(name, answer).catch((err) => {
      log.warn(
        { err, tenant: sender.tenant },
        'an answer was not stored; a repeated request gets the same ids',
      )
    })
    return { ...answer, replayed: false }
  }

export type Idempotent = ReturnType<typeof createIdempotent>
