/** A system call in the output of `strace -f -y -xx`. Its lines say what happened before what. */
export type SystemCall = {
  name: string
  /** What the first argument refers to: the path of a file, or such as `socket:[123]`. */
  target: string
  /** The bytes that were written, as far as strace shows them (`-s`). */
  data: Buffer
  /** The last argument: of `pwrite64` the offset, of `ftruncate` the length. */
  number: number
  /** The line at which the call had not begun yet. */
  begun: number
  /** The line at which the call had finished; Infinity if it never did. */
  ended: number
  succeeded: boolean
}

/** Reports whether a call has put a file on disk. */
export const isSync = ({ name, succeeded }: SystemCall): boolean =>
  succeeded && (name === 'fsync' || name === 'fdatasync')

const unhex = (text: string) => Buffer.from(text.replaceAll('\\x', ''), 'hex')
const STRING = /"((?:\\x[0-9a-f]{2})*)"/g
const BEGINNING = /^(\d+) +(\w+)\(\d+<((?:\\x[0-9a-f]{2})*)>/
const END = /^(\d+) +<\.\.\. \w+ resumed>/
const NUMBER = /, (\d+)(?:\) +=| <unfinished)/
const UNLINK = /^(\d+) +(unlink)\("((?:\\x[0-9a-f]{2})*)"/
const RESULT = /\) += (-?\d+)/

/**
 * Returns the calls of all threads by their beginning. strace stops a thread at both ends of a call, so a call whose beginning
 * is in a later line than the end of another has begun after it.
 */
export const systemCalls = (trace: string): SystemCall[] => {
  const calls: SystemCall[] = []
  const pending = new Map<string, SystemCall>()
  for (const [line, text] of trace.split('\n').entries()) {
    const result = RESULT.exec(text)
    const succeeded = result !== null && Number(result[1]) >= 0
    const [, thread = '', name = '', target = ''] = BEGINNING.exec(text) ?? UNLINK.exec(text) ?? []
    if (name) {
      const data = Buffer.concat(Array.from(text.matchAll(STRING), ([, hex = '']) => unhex(hex)))
      const ended = result ? line : Number.POSITIVE_INFINITY
      const number = Number(NUMBER.exec(text)?.[1] ?? 0)
      const call = { name, target: unhex(target).toString(), data, number, begun: line, ended, succeeded }
      calls.push(call)
      if (!result) pending.set(thread, call)
    } else {
      const resumed = END.exec(text)?.[1] ?? ''
      const call = pending.get(resumed)
      if (call) Object.assign(call, { ended: line, succeeded })
      pending.delete(resumed)
    }
  }
  return calls
}
