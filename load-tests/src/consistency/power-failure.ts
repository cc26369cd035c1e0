import { isSync, type SystemCall } from './system-calls.ts'

const isWrite = ({ name }: SystemCall) => name === 'pwrite64' || name === 'ftruncate'

const grown = (bytes: Buffer, length: number) =>
  bytes.length >= length ? bytes : Buffer.concat([bytes, Buffer.alloc(length - bytes.length)])

/**
 * Returns what a file is certain to contain if the power fails at a line of the trace, from its creation in the trace: what was
 * written before the last sync that had finished. Everything later is lost, though a disk may have kept some of it.
 */
export const durableAt = (calls: readonly SystemCall[], file: string, line: number): Buffer => {
  const own = calls.filter(({ target, ended, succeeded }) => target === file && ended < line && succeeded)
  const created = own.findLastIndex(({ name }) => name === 'unlink')
  const current = own.slice(created + 1)
  const sync = current.findLast(isSync)
  if (!sync) return Buffer.alloc(0)
  let bytes: Buffer = Buffer.alloc(0)
  for (const { name, data, number } of current.filter((call) => isWrite(call) && call.ended < sync.begun))
    if (name === 'ftruncate') bytes = grown(bytes.subarray(0, number), number)
    else {
      bytes = grown(bytes, number + data.length)
      data.copy(bytes, number)
    }
  return bytes
}
