import { hash } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Log } from '@carillon/core/telemetry/log'
import { uuidv7 } from 'uuidv7'
import { z } from 'zod'
import type { Answer, Idempotency } from './port.ts'

export const IDEMPOTENCY_HEADER = 'Idempotency-Key'
/** The header, as it is documented. */
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
 * Runs `work` at most once for a sender's Idempotency-Key and body
 * (draft-ietf-httpapi-idempotency-key-header-07), and gives later requests the first answer. `work` gets an id
 * that is the same on every try, so that what a crash repeats collapses. Without a key it just runs.
 * Throws `idempotency_key_reused`, `idempotency_in_flight`, `invalid_request` for a key that is none, and whatever
 * `work` throws; then the key is free again.
 */
export const createIdempotent =
  ({ idempotency, log }: { idempotency: Idempotency; log: Log }) =>
  async (
    request: { sender: Sender; key: string | undefined; route: string; bytes: Uint8Array },
    work: (id: string) => Promise<Answer>,
  ): Promise<Answer & { replayed: boolean }> => {
    const { sender, key, bytes } = request
    if (key === undefined) return { ...(await work(uuidv7())), replayed: false }
    if (!KEY.test(key))
      throw new ProblemError('invalid_request', 'an Idempotency-Key is 1 to 255 printable ASCII characters')

    const name = hash('sha256', `${sender.tenant}\n${sender.key}\n${key}`, 'base64url')
    const body = hash('sha256', Buffer.concat([Buffer.from(`${request.route}\n`), bytes]), 'base64url')
    const claim = await idempotency.claim(name, body, uuidv7)
    if (claim.outcome === 'replay') return { ...claim.answer, replayed: true }
    if (claim.outcome === 'reused')
      throw new ProblemError('idempotency_key_reused', 'use a new Idempotency-Key for another request')
    if (claim.outcome === 'in_flight')
      throw new ProblemError('idempotency_in_flight', 'try again when the first request has ended')

    let answer: Answer
    try {
      answer = await work(claim.id)
    } catch (error) {
      await idempotency.release(name).catch((err) => {
        log.warn(
          { err, tenant: sender.tenant },
          'an Idempotency-Key stays taken until its first request is given up',
        )
      })
      throw error
    }
    await idempotency.finish(name, answer).catch((err) => {
      log.warn(
        { err, tenant: sender.tenant },
        'an answer was not remembered; a repeated request finds the same ids',
      )
    })
    return { ...answer, replayed: false }
  }

export type Idempotent = ReturnType<typeof createIdempotent>
