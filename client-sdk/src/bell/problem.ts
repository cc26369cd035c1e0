import { type CarillonError, isRefusal } from '../http/error.ts'
import type { ConnectionState } from '../live/connection.ts'
import { createTimer } from '../timing/timer.ts'

/**
 * What keeps a bell from showing the inbox: no accepted token, an incomplete setup, no answer, or an answer that is not one of
 * a hub of this version.
 */
export type Problem = 'signIn' | 'setup' | 'unreachable' | 'broken'

/** Pages may set up an element some time after they have created it, in ms. */
const SETUP_MS = 2_000
const SETUP_ADVICE =
  '<notification-bell> needs `url`, the URL of the hub, and `token-url`, `token` or the property `client`.'

const isUp = (connection: ConnectionState | undefined) => connection === 'live' || connection === 'polling'

/**
 * Follows what keeps a bell from showing the inbox. The console says what to do: about an incomplete setup here, about errors in
 * the client.
 */
export const createProblems = (update: () => void) => {
  const setup = createTimer()
  let current: Problem | undefined

  const set = (problem: Problem | undefined) => {
    current = problem
    update()
  }

  return {
    get current() {
      return current
    },
    /** Tells whether the element knows where the hub is, and who the user is. */
    connected(isSetUp: boolean) {
      setup.clear()
      set(isSetUp ? undefined : 'setup')
      if (!isSetUp) setup.set(() => console.error(SETUP_ADVICE), SETUP_MS)
    },
    failed({ action, code }: CarillonError, connection: ConnectionState | undefined) {
      // A failed action is shown at its item. What fails while the hub is connected is tried again.
      if (action || isUp(connection)) return
      const isBroken = code === 'not_carillon' || code === 'version_mismatch'
      set(isRefusal(code) ? 'signIn' : isBroken ? 'broken' : 'unreachable')
    },
    followed(connection: ConnectionState | undefined) {
      if (current !== 'setup' && isUp(connection)) set(undefined)
    },
    stop: setup.clear,
  }
}
