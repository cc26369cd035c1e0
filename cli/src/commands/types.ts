import { z } from 'zod'
import { requireCatalogue } from '../catalogue/read.ts'
import { reportProblems } from '../catalogue/report.ts'
import { refuse } from '../process/command-error.ts'
import { note, writeResult } from '../process/output.ts'
import { type Sendable, senderModule } from '../senders/senders.ts'
import { type HubOptions, hubRequest, readAnswer } from './hub-request.ts'

const Answer = z.object({
  types: z.array(z.object({ key: z.string(), name: z.unknown().optional(), schema: z.unknown().optional() })),
})

const typesOfHub = async (options: HubOptions): Promise<Map<string, Sendable>> => {
  const text = await hubRequest(options, { method: 'GET', path: '/v1/types', expected: 200 })
  const { types } = readAnswer(text, Answer)
  return new Map(types.map((type) => [type.key, type]))
}

const typesOfFolder = async (dir: string): Promise<Map<string, Sendable>> => {
  const { catalogue, problems } = await requireCatalogue(dir)
  if (problems.length > 0) {
    reportProblems(problems)
    return refuse('nothing was written')
  }
  return new Map([...(catalogue.get('types') ?? [])].map(([key, { value }]) => [key, value]))
}

/** Writes the types of a directory, or of a hub, as a TypeScript module. */
export const types = async (dir: string | undefined, { out, ...options }: HubOptions & { out?: string }) => {
  const found = dir === undefined ? await typesOfHub(options) : await typesOfFolder(dir)
  const text = senderModule(found)
  if (out === undefined) return void process.stdout.write(text)
  await writeResult(out, text)
  note(`wrote ${found.size} ${found.size === 1 ? 'type' : 'types'} to ${out}`)
}
