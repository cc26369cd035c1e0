import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@carillon/schemas'
import { z } from 'zod'
import { refuse } from '../process/command-error.ts'

/**
 * The state that `carillon dev` generates on its first run and stores, readable by its user only. Without `secret`,
 * CARILLON_SECRET was set.
 */
const DevState = z.object({ secret: z.string().optional(), apiKey: z.string().optional() })
export type DevState = z.infer<typeof DevState>

const parseState = (file: string, text: string): DevState => {
  try {
    const parsed = parse(DevState, JSON.parse(text))
    if (parsed.success) return parsed.data
  } catch {
    // Rejected below, like other damage.
  }
  return refuse(`${file} is damaged; restore it from a backup, or choose another --data`)
}

const newSecret = () => randomBytes(32).toString('hex')

/** Reads and writes the state in a data directory, which must exist before a write. */
export const devState = (dataDir: string) => {
  const file = join(dataDir, 'dev.json')
  const read = (): DevState | undefined => {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      // ENOTDIR: a parent is a file.
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    }
    return parseState(file, text)
  }
  const write = (state: DevState): DevState => {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
    return state
  }
  return { read, write }
}

/**
 * Returns the root secret and the stored state. Without `secret` (CARILLON_SECRET), the root secret is the
 * stored one, or a new one, which is stored before data is encrypted with it. `kept` is undefined if nothing
 * is to be stored. Exits with code 2 if the data was created with CARILLON_SECRET.
 */
export const openDevState = (
  secret: string | undefined,
  kept: ReturnType<typeof devState> | undefined,
): { secret: string; state: DevState } => {
  const state = kept?.read()
  if (secret !== undefined) return { secret, state: state ?? {} }
  if (state && state.secret === undefined)
    return refuse(
      'CARILLON_SECRET is not set; this data was created with it. Set it, or choose another --data',
    )
  const own = state?.secret ?? newSecret()
  return { secret: own, state: state ?? kept?.write({ secret: own }) ?? { secret: own } }
}
