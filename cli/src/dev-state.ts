import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What a `carillon dev` makes for itself on its first run and keeps, readable by its user only. */
const DevState = z.object({ secret: z.string(), apiKey: z.string().optional() })
export type DevState = z.infer<typeof DevState>

export const newDevState = (): DevState => ({ secret: randomBytes(32).toString('hex') })

export const devState = (dataDir: string) => {
  const file = join(dataDir, 'dev.json')
  const read = (): DevState | undefined => {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    return DevState.parse(JSON.parse(text))
  }
  const write = (state: DevState): DevState => {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
    return state
  }
  return { read, write, open: () => read() ?? write(newDevState()) }
}
