import { type Prepared, RENDER_MS } from './engine.ts'
import { TemplateError } from './template-error.ts'

/** Consecutive timeouts before a template is paused. A single timeout may be due to a busy machine. */
const TIMES = 3
const PAUSE_MS = 60_000
/** The message of a template that reached its time limit. */
export const OUT_OF_TIME = 'template render limit exceeded'

/**
 * Wraps a template so that it fails immediately for a minute after three timeouts in a row. Rendering a slow template for
 * a large audience would block the process for hours.
 */
export const pausedWhenSlow = (template: Prepared): Prepared => {
  let failures = 0
  let pausedUntil = 0
  return (...parameters) => {
    const started = performance.now()
    if (started < pausedUntil)
      throw new TemplateError('the template is too slow and is paused for up to a minute', 1)
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
