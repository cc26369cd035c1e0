import type { Mark } from './payload.ts'

const NAME = 'mark'
const BACKSLASH = 92
const OPENING = '":['

/**
 * Calls `each` with every mark in `data` from `start` to `end`, wherever it is: in JSON, in JSON within a JSON string, with
 * escaped quotes, or in several messages of one frame.
 */
export const eachMark = (data: Buffer, start: number, end: number, each: (mark: Mark) => void): void => {
  for (let at = data.indexOf(NAME, start); at >= 0 && at < end; at = data.indexOf(NAME, at)) {
    at += NAME.length
    while (data[at] === BACKSLASH) at++
    if (data.toString('latin1', at, at + OPENING.length) !== OPENING) continue
    at += OPENING.length
    const close = data.indexOf(']', at)
    const [run, n, scheduled] = data.toString('latin1', at, close).split(',').map(Number)
    if (run !== undefined && n !== undefined && scheduled !== undefined) each({ run, n, at: scheduled })
  }
}
