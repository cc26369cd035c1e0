import { setImmediate } from 'node:timers/promises'
import { type SharedTime, timeFor } from '../template/engine.ts'
import { OUT_OF_TIME } from '../template/paused-when-slow.ts'

/** Time limit for all templates of a preview, in ms. */
const PREVIEW_MS = 2_000
/** Time limit for the templates of one channel, during which the process does nothing else, in ms. */
const CHANNEL_MS = 100

/** Renders one channel within a time limit, and returns what was rendered. */
type Render<Rendered> = (time: SharedTime) => Rendered

/** Runs the channels of a preview within its time limits. */
export type PreviewTime = <Rendered extends object>(render: Render<Rendered>) => Promise<Rendered>

const isTimedOut = (rendered: { faults?: readonly { message: string }[] }): boolean =>
  rendered.faults?.some(({ message }) => message === OUT_OF_TIME) === true

/**
 * Returns the time that the previews of one request share: PREVIEW_MS of work. Other work of the process runs before each
 * channel. A channel whose `faults` have a timeout is tried once more, because its first rendering may have loaded locale
 * data.
 */
export const createPreviewTime = (): PreviewTime => {
  let left = PREVIEW_MS
  const attempt = async <Rendered>(render: Render<Rendered>) => {
    await setImmediate()
    const started = performance.now()
    const rendered = render(timeFor(Math.max(0, Math.min(CHANNEL_MS, left))))
    left -= performance.now() - started
    return rendered
  }
  return async (render) => {
    const first = await attempt(render)
    return isTimedOut(first) && left > 0 ? await attempt(render) : first
  }
}
