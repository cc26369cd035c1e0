import type { Message } from '../port.ts'
import type { Size } from './size.ts'
import type { Write } from './write.ts'

/** How long a publisher waits for its messages to be handled before they are written to the file, in ms. */
const PATIENCE_MS = 2_000

/** One call of `publish`. `open`: the number of its messages that are not durable yet. */
type Publication = { open: number; resolve(): void; reject(error: unknown): void }
type Handed = { message: Message; publication: Publication; since: number; settling: boolean }

type UnwrittenParts = {
  write: Write
  /** Resolves when everything committed so far is on disk. */
  synced(): Promise<void>
  size: Size
  /** Writes messages to the file, inside a write. */
  insert(messages: readonly Message[]): void
  /** Called after messages were written that a reader holds already. */
  onWritten(message: Message): void
}

/**
 * Tracks messages that a reader got before they are in the file. Their publisher waits until they are durable: handled, with
 * everything that their handler committed on disk, or written to the file, after PATIENCE_MS at the latest. So most messages are
 * never written, and publishers are not faster than readers. After a crash, a message that is in neither state is lost, and its
 * publisher has not been answered.
 */
export const unwrittenMessages = ({ write, synced, size, insert, onWritten }: UnwrittenParts) => {
  const known = new Map<number, Handed>()
  /** Messages written while a reader held them, until a read has passed over them. */
  const passing = new Set<number>()
  let isArmed = false

  const isOpen = ({ sequence }: Message) => known.get(sequence)?.settling === false

  const release = (handed: readonly Handed[]) => {
    for (const { message, publication } of handed) {
      known.delete(message.sequence)
      if (--publication.open === 0) publication.resolve()
    }
  }

  const refuse = (handed: readonly Handed[], error: unknown) => {
    for (const { message, publication } of handed) {
      known.delete(message.sequence)
      publication.reject(error)
    }
  }

  /** Writes messages that have been waiting for too long. */
  const writeOverdue = async () => {
    isArmed = false
    const overdue = performance.now() - PATIENCE_MS
    const late = [...known.values()].filter(({ since, settling }) => !settling && since <= overdue)
    arm()
    if (late.length === 0) return
    const messages = late.map((each) => {
      each.settling = true
      passing.add(each.message.sequence)
      return each.message
    })
    const writing = write(() => insert(messages))
    for (const message of messages) onWritten(message)
    try {
      await writing
      release(late)
    } catch (error) {
      for (const { sequence, queue } of messages) {
        passing.delete(sequence)
        size.inQueue(queue, -1)
      }
      refuse(late, error)
    }
  }

  const arm = () => {
    if (known.size === 0 || isArmed) return
    isArmed = true
    setTimeout(writeOverdue, PATIENCE_MS).unref()
  }

  return {
    /** Adds messages that a reader gets now. Resolves when all of them are durable. */
    add: (messages: readonly Message[]): Promise<void> =>
      new Promise((resolve, reject) => {
        const publication = { open: messages.length, resolve, reject }
        const since = performance.now()
        for (const message of messages) {
          known.set(message.sequence, { message, publication, since, settling: false })
          size.inQueue(message.queue, 1)
        }
        arm()
      }),

    /** Reports whether a message that was read is held already. Call it once for each. */
    passesOver: (sequence: number): boolean => passing.delete(sequence),

    /** Changes messages in the file, in one write. Those that are not in it are written before. Rejects if it failed. */
    change: async <T>(messages: readonly Message[], work: () => T): Promise<T> => {
      const mine = messages.flatMap((message) => (isOpen(message) ? [known.get(message.sequence)!] : []))
      for (const each of mine) each.settling = true
      const writeAll = () => {
        if (mine.length > 0) insert(mine.map(({ message }) => message))
        return work()
      }
      try {
        const result = await write(writeAll, mine.length > 0 ? 'synced' : 'committed')
        release(mine)
        for (const { sequence } of messages) passing.delete(sequence)
        return result
      } catch (error) {
        for (const each of mine) each.settling = false
        throw error
      }
    },

    /** Reports whether a message is not in the file and not being written. */
    has: isOpen,

    /**
     * Ends messages that were handled. Their publishers are answered when everything that was committed for them is on disk.
     */
    finish: (messages: readonly Message[]): void => {
      const done = messages.flatMap((message) => (isOpen(message) ? [known.get(message.sequence)!] : []))
      if (done.length === 0) return
      for (const { message } of done) {
        known.delete(message.sequence)
        size.inQueue(message.queue, -1)
      }
      synced().then(
        () => release(done),
        (error: unknown) => refuse(done, error),
      )
    },
  }
}

export type Unwritten = ReturnType<typeof unwrittenMessages>
