import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'

/** Tables whose calls fail: what digests, throttles and the records of sends are made of. */
const TABLES = ['digests', 'notifications', 'deliveries', 'decisions', 'throttles', 'expiringKeys'] as const

class Crash extends Error {
  override name = 'Crash'
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

type Method = (...given: never[]) => Promise<unknown>

/**
 * Wraps the store and the log of a dispatcher, so that their calls take turns at random, and so that some of them fail, before or
 * after they have taken effect. A handler whose call fails ends there, as if its process had died, and its message is delivered
 * again. `random` returns numbers in [0, 1); `chance` is that of a failure, before a call and after it. `most` calls fail, and
 * `atOnce` of them until `refill` is called: fewer than the deliveries after which a message becomes a dead letter.
 */
export const createFaults = (
  random: () => number,
  { most, atOnce, chance }: { most: number; atOnce: number; chance: number },
) => {
  let left = most
  let leftAtOnce = atOnce
  const mayCrash = () => {
    if (left === 0 || leftAtOnce === 0 || random() >= chance) return
    left--
    leftAtOnce--
    throw new Crash()
  }
  const faulty =
    (method: Method): Method =>
    async (...given) => {
      await turns(Math.floor(random() * 6))
      mayCrash()
      const result = await method(...given)
      await turns(Math.floor(random() * 6))
      mayCrash()
      return result
    }
  const faultyTable = <Table extends object>(table: Table): Table =>
    Object.fromEntries(
      Object.entries(table).map(([name, method]) => [name, faulty(method as Method)]),
    ) as Table

  return {
    /** Allows `atOnce` more failures. Call it while no message waits for another delivery. */
    refill: () => {
      leftAtOnce = atOnce
    },
    store: (store: Store): Store => ({
      ...store,
      ...Object.fromEntries(TABLES.map((name) => [name, faultyTable(store[name])])),
    }),
    stream: (stream: Stream): Stream => ({ ...stream, publish: faulty(stream.publish) as Stream['publish'] }),
  }
}
