import { type CarillonError, isRefusal } from '../http/error.ts'
import { type ConnectionState, isConnected } from '../live/connection.ts'
import { createTimer } from '../timing/timer.ts'

/**
 * Why a bell cannot show the inbox: the token was refused, the setup is incomplete, the hub does not respond, or the response
 * is not from a hub of this version or not from a token endpoint.
 */
export type Problem = 'signIn' | 'setup' | 'unreachable' | 'incompatible'

/** The time that a page has to set up a new element, in ms. */
const SETUP_MS = 2_000
const explainSetup = () =>
  import('../http/advice.ts').then(
    ({ SETUP }) => console.error(SETUP),
    // The element shows the problem as well.
    () => {},
  )

/**
 * Tracks why a bell cannot show the inbox. An incomplete setup is explained on the console; the client explains its errors
 * there.
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
    /** Sets whether the element has the URL of the hub and a token. */
    connected(isSetUp: boolean) {
      setup.clear()
      set(isSetUp ? undefined : 'setup')
      if (!isSetUp) setup.set(explainSetup, SETUP_MS)
    },
    /** Sets the problem that an error of the client stands for. */
    failed({ action, code }: CarillonError, connection: ConnectionState | undefined) {
      // A failed action is shown at its item. Other failures are retried while the hub is connected.
      if (action || isConnected(connection)) return
      // The hub refused a fixed token. Requests that were in flight may fail in another way.
      if (current === 'signIn' && connection === 'stopped') return
      const isIncompatible = ['not_carillon', 'token_url', 'version_mismatch'].includes(code)
      set(isRefusal(code) ? 'signIn' : isIncompatible ? 'incompatible' : 'unreachable')
    },
    /** Clears the problem once the client is connected. */
    followed(connection: ConnectionState | undefined) {
      if (current !== 'setup' && isConnected(connection)) set(undefined)
    },
    stop: setup.clear,
  }
}
