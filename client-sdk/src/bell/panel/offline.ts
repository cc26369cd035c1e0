import type { Client } from '../../client/client.ts'
import { createTimer } from '../../timing/timer.ts'

/** Shorter interruptions are not shown, in ms. */
const AFTER_MS = 5_000

/** Decides when to show that a client is offline: after some seconds without a connection. */
export const createOffline = (client: Pick<Client, 'connection' | 'on'>, update: () => void) => {
  const timer = createTimer()
  let isShown = false
  const show = (now: boolean) => {
    isShown = now
    update()
  }
  const follow = () => {
    if (client.connection !== 'offline') {
      timer.clear()
      if (isShown) show(false)
    } else if (!isShown && !timer.waits()) timer.set(() => show(true), AFTER_MS)
  }
  const off = client.on('connection', follow)
  follow()

  return {
    get isShown() {
      return isShown
    },
    stop() {
      off()
      timer.clear()
    },
  }
}
