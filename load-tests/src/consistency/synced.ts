import { isSync, type SystemCall } from './system-calls.ts'

/** What a server answered with success: texts that the stored notifications contain, and one in the response. */
export type Accepted = { stored: readonly string[]; response: string }

/** https://sqlite.org/fileformat2.html#walformat. SQLite writes the header of a frame and its page separately. */
const FRAME_HEADER_BYTES = 24
/** In the header of a frame. Zero except in the last frame of a transaction. */
const DATABASE_SIZE_AT = 4
const PAGE_BYTES_MIN = 512

const isOnLog = ({ target }: SystemCall) => target.endsWith('/carillon.db-wal')
const isAnswer = ({ target, data }: SystemCall) =>
  target.startsWith('socket:') && data.subarray(0, 10).toString() === 'HTTP/1.1 2'

/** Returns the call that wrote the response with this text, if it reports success. */
export const answerWith = (calls: readonly SystemCall[], text: string): SystemCall | undefined =>
  calls.find((call) => isAnswer(call) && call.data.includes(text))

type Commit = { pages: Buffer[]; ended: number }

/** Returns the transactions in the write-ahead log. */
const commitsOf = (calls: readonly SystemCall[]): Commit[] => {
  const commits: Commit[] = []
  let pages: Buffer[] = []
  let isLast = false
  for (const { data, ended } of calls.filter((call) => isOnLog(call) && !isSync(call)))
    if (data.length === FRAME_HEADER_BYTES) isLast = data.readUInt32BE(DATABASE_SIZE_AT) > 0
    else if (data.length >= PAGE_BYTES_MIN) {
      pages.push(data)
      if (!isLast) continue
      commits.push({ pages, ended })
      pages = []
    }
  return commits
}

/**
 * Returns a sentence for each response that was not preceded by a sync of what it confirms: between the commit that contains a
 * notification and the first byte of the response, a sync of the write-ahead log must have begun and finished.
 */
export const unsynced = (calls: readonly SystemCall[], accepted: readonly Accepted[]): string[] => {
  const commits = commitsOf(calls)
  const syncs = calls.filter((call) => isOnLog(call) && isSync(call))
  return accepted.flatMap(({ stored, response }) => {
    const answer = answerWith(calls, response)
    if (!answer) return [`the response with ${response} is not in the trace`]
    return stored.flatMap((text) => {
      const commit = commits.find(({ pages }) => pages.some((page) => page.includes(text)))
      if (!commit) return [`no commit contains ${text}`]
      const isSynced = syncs.some(({ begun, ended }) => begun > commit.ended && ended < answer.begun)
      return isSynced
        ? []
        : [`no sync between the commit of ${text} (line ${commit.ended}) and its response (${answer.begun})`]
    })
  })
}
