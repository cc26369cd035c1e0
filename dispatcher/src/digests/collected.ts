import { Step } from '@carillon/core/delivery/step'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { Joining, Member } from '@carillon/core/store/ports/digests'
import { z } from 'zod'

/** A step that waits in a window. `alone`: it is sent on its own, not in a summary. */
const Collected = z.object({ step: Step, alone: z.boolean().optional() })
export type Collected = z.infer<typeof Collected>

/** Returns what a window stores of a step. Its content, overrides and topics are apart, because an erasure removes them. */
export const collectedTexts = ({
  step: { content, overrides, topics, ...step },
  alone,
}: Collected): Pick<Joining, 'step' | 'personal'> => {
  const personal = JSON.stringify({ content, overrides, topics })
  // A step without content names an item. That of an erased user is not found.
  const kept = content ? { ...step, item: content.id } : step
  return {
    step: JSON.stringify({ step: kept, alone }),
    ...(personal === '{}' ? {} : { personal }),
  }
}

const encoder = new TextEncoder()
const read = (text: string): unknown => parseJson(encoder.encode(text))

/** Reads a step that waits, or waited, in a window. Throws `invalid_request` if it is damaged. */
export const readCollected = ({ step, personal }: Pick<Member, 'step' | 'personal'>): Collected => {
  const collected = checked(Collected, read(step), 'window')
  if (personal === undefined) return collected
  const apart = read(personal) as Pick<Step, 'content' | 'overrides' | 'topics'>
  const item = apart.content ? undefined : collected.step.item
  return checked(Collected, { ...collected, step: { ...collected.step, item, ...apart } }, 'window')
}
