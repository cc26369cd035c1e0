import type { Message } from '@carillon/core/stream/port'
import { queueOf, type WorkSubject } from '@carillon/schemas'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { inTurn, workHandle, workKind } from './work-kind.ts'

const encoder = new TextEncoder()
let sequence = 0
const message = (subject: string, body: unknown): Message => ({
  queue: queueOf(subject),
  subject,
  data: encoder.encode(typeof body === 'string' ? body : JSON.stringify(body)),
  sequence: ++sequence,
  appendedAt: 0,
  deliveries: 1,
})

const open = () => {
  const done: string[] = []
  const note = (kind: string) => ({
    schema: z.object({ name: z.string(), tenant: z.string().optional() }),
    fits: ({ tenant = 'acme' }: { tenant?: string | undefined }, subject: WorkSubject) =>
      tenant === subject.tenant,
    handle: inTurn<{ name: string }>(async ({ subject: { tenant }, body }) => {
      done.push(`${kind} ${tenant} ${body.name}`)
    }),
  })
  return { done, handle: workHandle({ chunk: workKind(note('chunk')), wake: workKind(note('wake')) }) }
}

test('dispatches work to the handler of its kind', async () => {
  const { done, handle } = open()
  const outcomes = await handle([
    message('work.wake.normal.acme', { name: 'a' }),
    message('work.chunk.normal.acme', { name: 'b' }),
    message('work.wake.normal.acme', { name: 'c' }),
  ])
  expect(done).toEqual(['wake acme a', 'wake acme c', 'chunk acme b'])
  expect(outcomes.map(({ message }) => message.deliveries)).toEqual([1, 1, 1])
})

test.each([
  ['of a kind that is not in the table', 'work.due.normal.acme', { name: 'a' }, 'subject_invalid'],
  ['of an unknown kind', 'work.unheard-of.normal.acme', { name: 'a' }, 'subject_invalid'],
  ['of a kind that resembles a step', 'work.step.normal.acme', { name: 'a' }, 'subject_invalid'],
  ['that is not JSON', 'work.chunk.normal.acme', '{"name":', 'malformed_json'],
  ['that does not match its schema', 'work.chunk.normal.acme', { title: 'a' }, 'invalid_request'],
  [
    'of a different tenant than its subject',
    'work.chunk.normal.acme',
    { name: 'a', tenant: 'b' },
    'subject_invalid',
  ],
])('dead-letters work %s, and handles the others', async (_, subject, body, code) => {
  const { done, handle } = open()
  const bad = message(subject, body)
  const outcomes = await handle([bad, message('work.chunk.normal.acme', { name: 'good' })])
  expect(done).toEqual(['chunk acme good'])
  expect(outcomes.find((outcome) => outcome.message === bad)).toMatchObject({ reason: { code } })
  expect(outcomes).toHaveLength(2)
})
