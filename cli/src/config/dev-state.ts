import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@carillon/schemas'
import { z } from 'zod'
import { refuse } from '../process/refuse.ts'

/** What `carillon dev` generates on its first run and keeps, readable by its user only. */
const DevState = z.object({ secret: z.string(), apiKey: z.string().optional() })
export type DevState = z.infer<typeof DevState>

const parseState = (file: string, text: string): DevState => {
  try {
    const parsed = parse(DevState, JSON.parse(text))
    if (parsed.success) return parsed.data
  } catch {
    // Not JSON: the same refusal.
  }
  return refuse(`${file} is damaged; restore it from a backup, or choose another --data`)
}

export const newDevState = (): DevState => ({ secret: randomBytes(32).toString('hex') })

/** Reads and writes the state in a data directory, which must exist for a write. */
export const devState = (dataDir: string) => {
  const file = join(dataDir, 'dev.json')
  const read = (): DevState | undefined => {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      // A parent that is a file: no state either.
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    }
    return parseState(file, text)
  }
  const write = (state: DevState): DevState => {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
    return state
  }
  return { read, write, open: () => read() ?? write(newDevState()) }
}
