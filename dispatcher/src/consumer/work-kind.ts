import { ProblemError } from '@carillon/core/errors'
import { grouped } from '@carillon/core/group-by'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { Message } from '@carillon/core/stream/port'
import { parseWorkSubject, SubjectError, type WorkKind, type WorkSubject } from '@carillon/schemas'
import type { z } from 'zod'
import type { Handle, Outcome } from './consumer.ts'

/** A message of one kind, parsed. */
export type Work<Body> = { message: Message; subject: WorkSubject; body: Body }

/**
 * One kind of work. Other clients may write to the log, so bodies are validated by `schema`. `fits` reports
 * whether a body belongs to its subject. It is absent if only the subject names the tenant.
 */
type Definition<Body> = {
  schema: z.ZodType<Body>
  fits?(body: NoInfer<Body>, subject: WorkSubject): boolean
  handle(works: readonly Work<NoInfer<Body>>[]): Promise<readonly Outcome[]>
}

type Arrived = { message: Message; subject: WorkSubject }
export type Kind = (arrived: readonly Arrived[]) => Promise<readonly Outcome[]>

/** Kinds of work by name. */
export type WorkKinds = Partial<Record<WorkKind, Kind>>

const refusal = (message: Message, { problem, message: detail }: ProblemError): Outcome => ({
  message,
  reason: { code: problem.code, detail },
})

/** Reads messages one by one. `read` throws a ProblemError for a message that is refused. */
const readEach = <Given, Read>(
  given: readonly Given[],
  messageOf: (each: Given) => Message,
  read: (each: Given) => Read,
): { read: Read[]; refused: Outcome[] } => {
  const all: { read: Read[]; refused: Outcome[] } = { read: [], refused: [] }
  for (const each of given)
    try {
      all.read.push(read(each))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      all.refused.push(refusal(messageOf(each), error))
    }
  return all
}

/**
 * Defines a kind. A message with a malformed body, or a body of another tenant, is dead-lettered. The others
 * are handled.
 */
export const workKind = <Body>({ schema, fits = () => true, handle }: Definition<Body>): Kind => {
  const bodyOf = ({ message, subject }: Arrived): Work<Body> => {
    const body = checked(schema, parseJson(message.data), 'work')
    if (!fits(body, subject))
      throw new ProblemError(
        'subject_invalid',
        'the work belongs to another tenant or channel than its subject',
      )
    return { message, subject, body }
  }
  return async (arrived) => {
    const { read, refused } = readEach(arrived, ({ message }) => message, bodyOf)
    return read.length === 0 ? refused : [...refused, ...(await handle(read))]
  }
}

/** Handles messages one after the other. */
export const inTurn =
  <Body>(handle: (work: Work<Body>) => Promise<void>) =>
  async (works: readonly Work<Body>[]): Promise<Outcome[]> => {
    for (const work of works) await handle(work)
    return works.map(({ message }) => ({ message }))
  }

/** Handles the messages of each tenant together. */
export const byTenant =
  <Body>(handle: (tenant: string, bodies: readonly Body[]) => Promise<void>) =>
  async (works: readonly Work<Body>[]): Promise<Outcome[]> => {
    for (const [tenant, some] of grouped(works, ({ subject }) => subject.tenant))
      await handle(
        tenant,
        some.map(({ body }) => body),
      )
    return works.map(({ message }) => ({ message }))
  }

const subjectOf = ({ subject }: Message) => {
  try {
    return parseWorkSubject(subject)
  } catch (cause) {
    if (cause instanceof SubjectError) throw new ProblemError('subject_invalid', cause.message)
    throw cause
  }
}

/** Handles work by its kind. A message of a kind that is not in the table is dead-lettered. */
export const workHandle =
  (kinds: WorkKinds): Handle =>
  async (messages) => {
    const { read, refused } = readEach(
      messages,
      (message) => message,
      (message) => {
        const subject = subjectOf(message)
        const handle = kinds[subject.kind]
        if (!handle)
          throw new ProblemError('subject_invalid', `no handler takes ${subject.kind} work from this queue`)
        return { handle, arrived: { message, subject } }
      },
    )
    const outcomes = [...refused]
    for (const [handle, together] of grouped(read, ({ handle }) => handle))
      outcomes.push(...(await handle(together.map(({ arrived }) => arrived))))
    return outcomes
  }
