import { type Prepared, RENDER_MS } from './engine.ts'
import { TemplateError } from './template-error.ts'

/** A template that ran out of time this often in a row pauses; a single time may be due to a busy machine. */
const TIMES = 3
const PAUSE_MS = 60_000
const OUT_OF_TIME = 'template render limit exceeded'

/**
 * Returns a template that fails at once for a minute after it ran out of time three times in a row. Rendering it for
 * everybody in an audience would occupy the process for hours.
 */
export const pausedWhenSlow = (template: Prepared): Prepared => {
  let failures = 0
  let pausedUntil = 0
  return (...parameters) => {
    const started = performance.now()
    if (started < pausedUntil)
      throw new TemplateError('it is too slow, and is tried again within a minute', 1)
    try {
      const rendered = template(...parameters)
      failures = 0
      return rendered
    } catch (error) {
      const ended = performance.now()
      // Another template may have used the time that they share.
      const isSlow = error instanceof TemplateError && error.message === OUT_OF_TIME
      if (isSlow && ended - started > RENDER_MS / 2 && ++failures >= TIMES) pausedUntil = ended + PAUSE_MS
      throw error
    }
  }
}
