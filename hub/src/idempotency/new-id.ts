import { randomFillSync } from 'node:crypto'
import { V7Generator } from 'uuidv7'

/** The random numbers that are drawn at once: enough for about a hundred ids. */
const drawn = new Uint32Array(256)
let used = drawn.length

const nextUint32 = (): number => {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  return drawn[used++]!
}

const generator = new V7Generator({ nextUint32 })

/**
 * Returns a new UUIDv7, greater than those before. The generator of the package itself draws random numbers for every third id, which
 * takes most of its time.
 */
export const newId = (): string => generator.generate().toString()
