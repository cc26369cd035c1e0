import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Returns the used heap after garbage collection, bytes. */
export const heapBytes = async (): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    collect()
    // Finalizers and closed sockets release more memory in later turns of the event loop.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage().heapUsed
}
