import { readStep, type Step, stepMessage } from '@carillon/core/delivery/step'
import { ProblemError } from '@carillon/core/errors'
import type { Seal } from '@carillon/core/security/seal'
import type { DeadLetter, OutgoingMessage, Stream } from '@carillon/core/stream/port'
import { parseNotifySubject, parseWorkSubject, SubjectError, Timestamp } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import { integer } from '../http/integer.ts'
import type { Routes } from '../http/routes.ts'
import { next as nextCursor, pageQuery } from './paging.ts'

const Id = z.object({ id: integer(0).meta({ description: 'The id of a dead letter', examples: [42] }) })

const EXAMPLE = {
  id: 42,
  queue: 'notify-normal',
  subject: 'notify.acme.normal.comment.created',
  code: 'invalid_request',
  detail: 'the notification is invalid at /to: is missing',
  deadLetteredAt: '2026-01-31T09:00:00.000Z',
  truncated: false,
  body: '{"title":"Hello"}',
}

const ShownLetter = z
  .object({
    id: z.int().min(0).describe('Its id, which grows'),
    queue: z.string().describe('The queue that it was read from'),
    subject: z.string().describe('The NATS subject that it was published to'),
    code: z.string().describe('The code of the problem'),
    detail: z.string().describe('The problem in words'),
    deadLetteredAt: Timestamp.describe('When it became a dead letter'),
    truncated: z.boolean().describe('Whether it was too large to be kept whole'),
    body: z.string().optional().describe('The message, if it is JSON'),
  })
  .meta({
    id: 'DeadLetter',
    description: 'A message that could not be accepted or delivered',
    examples: [EXAMPLE],
  })

const DeadLetterPage = z.object({ deadLetters: z.array(ShownLetter), next: nextCursor('after') }).meta({
  id: 'DeadLetterPage',
  description: 'A page of dead letters',
  examples: [{ deadLetters: [EXAMPLE], next: null }],
})

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Returns the message, if it is JSON and was stored in full. */
const bodyOf = ({ data }: DeadLetter): string | undefined => {
  try {
    const text = utf8.decode(data)
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}

const shown = (letter: DeadLetter): z.infer<typeof ShownLetter> => {
  const body = bodyOf(letter)
  return {
    id: letter.sequence,
    queue: letter.queue,
    subject: letter.subject,
    code: letter.reason.code,
    detail: letter.reason.detail,
    deadLetteredAt: new Date(letter.deadLetteredAt).toISOString(),
    truncated: letter.truncated,
    ...(body === undefined ? {} : { body }),
  }
}

const notReplayable = (why: string) => new ProblemError('not_replayable', why)

/**
 * Returns the step with a new journey number, so that claims and records of the previous journey do not block
 * it.
 */
const replayedStep = (letter: DeadLetter, now: number): OutgoingMessage => {
  let step: Step
  try {
    step = readStep(letter.data)
  } catch (cause) {
    throw new ProblemError('not_replayable', 'it is not a step of a delivery plan', { cause })
  }
  if (step.tenant !== letter.tenant) throw notReplayable('it is not a step of a delivery plan')
  if (step.expiresAt <= now) throw notReplayable('it has expired')
  const { attempt: _attempt, since: _since, queued: _queued, ...rest } = step
  return stepMessage({ ...rest, replay: (step.replay ?? 0) + 1 })
}

/** Returns the message to publish for a dead letter. Throws `not_replayable`. */
const replayOf = (letter: DeadLetter, now: number): OutgoingMessage => {
  const { subject, data, headers, truncated } = letter
  if (truncated) throw notReplayable('it was too large to be kept whole')
  try {
    if (!subject.startsWith('work.')) parseNotifySubject(subject)
    else if (parseWorkSubject(subject).kind.startsWith('step.')) return replayedStep(letter, now)
    return { subject, data, ...(headers && { headers }) }
  } catch (error) {
    if (error instanceof SubjectError) throw notReplayable(`its subject has no queue: ${error.message}`)
    throw error
  }
}

/** Adds the routes that list, replay and delete dead letters. */
export const deadLetterRoutes = (
  routes: Routes,
  { stream, cursors, seal }: { stream: Stream; cursors: Cursors; seal: Pick<Seal, 'digest'> },
) => {
  routes.sender(
    'dead-letters:read',
    {
      method: 'get',
      path: '/v1/dead-letters',
      operationId: 'listDeadLetters',
      tag: 'Dead letters',
      summary: 'List dead letters',
      description:
        'Lists the messages that could not be accepted or delivered, with the reason, oldest first.',
      query: z.strictObject(pageQuery()),
      answers: { 200: { description: 'A page of dead letters', schema: DeadLetterPage } },
      problems: ['cursor_invalid'],
    },
    async ({ c, query: { limit, after } }, { tenant }) => {
      const list = ['dead-letters', tenant]
      const from = after === undefined ? undefined : Number(cursors.read(list, after))
      const letters = await stream.deadLetters({
        tenant,
        limit: limit + 1,
        ...(from === undefined ? {} : { from }),
      })
      const further = letters[limit]
      const next = further ? cursors.make(list, String(further.sequence)) : null
      return c.json({ deadLetters: letters.slice(0, limit).map(shown), next }, 200, {
        'cache-control': 'no-store',
      })
    },
  )

  routes.sender(
    'dead-letters:write',
    {
      method: 'post',
      path: '/v1/dead-letters/{id}/replay',
      operationId: 'replayDeadLetter',
      tag: 'Dead letters',
      summary: 'Replay a dead letter',
      description: 'Puts the message back into its queue. Replay it after the cause of its failure is fixed.',
      params: Id,
      answers: { 202: { description: 'Replayed: it is in its queue again, and no longer a dead letter' } },
      problems: ['not_found', 'not_replayable', 'stream_full'],
    },
    async ({ c, params }, { tenant }) => {
      const letter = await stream.deadLetter(tenant, params.id)
      if (!letter) throw new ProblemError('not_found', 'there is no such dead letter')
      // Concurrent replays publish one message. The digest keeps the deduplication id unguessable.
      const dedupe = seal.digest(`${tenant}\n${letter.sequence}\n${letter.deadLetteredAt}`, 'replay')
      await stream.publish([{ ...replayOf(letter, Date.now()), dedupe }])
      await stream.removeDeadLetter(letter.sequence)
      return c.body(null, 202)
    },
  )
}
