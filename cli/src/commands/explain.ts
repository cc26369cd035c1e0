import { z } from 'zod'
import { say } from '../process/output.ts'
import { type HubOptions, hubRequest, readAnswer } from './hub-request.ts'

/** The printed fields of a response. A newer hub may have more stages and outcomes. */
const Answer = z.object({
  decisions: z.array(
    z.object({
      at: z.string(),
      stage: z.string(),
      channel: z.string().optional(),
      step: z.int().optional(),
      outcome: z.string(),
      text: z.string(),
    }),
  ),
})
type Decision = z.infer<typeof Answer>['decisions'][number]

/** Returns the channel with its step, or the stage of a decision about the whole notification. */
const placeOf = ({ stage, channel, step }: Decision): string => {
  if (channel === undefined) return stage
  return step === undefined ? channel : `${channel} ${step}`
}

/** Returns decisions as lines: when, where and what, and the sentence below. */
const lines = (decisions: readonly Decision[]): string => {
  const width = Math.max(...decisions.map((decision) => placeOf(decision).length))
  return decisions
    .map((decision) => {
      const { at, outcome, text } = decision
      // Providers' words are part of the sentence; a terminal must not obey them.
      return `${at}  ${placeOf(decision).padEnd(width)}  ${outcome}\n    ${text.replaceAll(/\p{Cc}/gu, ' ')}`
    })
    .join('\n')
}

export const explain = async ({
  id,
  user,
  json,
  ...options
}: HubOptions & { id: string; user: string; json?: true }) => {
  const path = `/v1/notifications/${encodeURIComponent(id)}/explain?user=${encodeURIComponent(user)}`
  const text = await hubRequest(options, { method: 'GET', path, expected: 200 })
  if (json) return say(text)
  const answer = readAnswer(text, Answer)
  say(answer.decisions.length === 0 ? `nothing was decided about ${user}` : lines(answer.decisions))
}
