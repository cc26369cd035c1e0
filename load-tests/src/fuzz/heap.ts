import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of the heap in use, once what can be collected is gone. */
export const heapBytes = async (): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    collect()
    // Finalizers and closed sockets let go of more in later turns.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage().heapUsed
}
