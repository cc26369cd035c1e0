import { createTimer } from '../timing/timer.ts'
import type { Text } from './text/text.ts'

const BATCH_MS = 1_000
/** The minimum time between two announcements of arrivals, in ms. */
const ARRIVALS_MS = 5_000

/**
 * Announces texts to assistive technology in a polite live region. Texts within one second are joined. Arrivals within five
 * seconds are counted.
 */
export const createAnnouncer = (region: () => Element | null, text: () => Text) => {
  const batch = createTimer()
  const pause = createTimer()
  let texts: string[] = []
  let titles: string[] = []

  const flush = () => {
    const element = region()
    if (element) element.textContent = texts.join('. ')
    texts = []
  }
  const announce = (line: string) => {
    texts.push(line)
    if (!batch.waits()) batch.set(flush, BATCH_MS)
  }
  const arrivals = () => {
    if (titles.length === 0) return
    announce(
      titles.length === 1
        ? text()('arrivedOne', { title: titles[0]! })
        : text()('arrived', { n: titles.length }),
    )
    titles = []
    pause.set(arrivals, ARRIVALS_MS)
  }
  return {
    announce,
    arrived(title: string) {
      titles.push(title)
      if (!pause.waits()) arrivals()
    },
    stop() {
      batch.clear()
      pause.clear()
    },
  }
}
