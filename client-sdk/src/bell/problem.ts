import { type CarillonError, isRefusal } from '../http/error.ts'
import { createTimer } from '../timing/timer.ts'

/** What keeps a bell from showing the inbox: no accepted token, an incomplete setup, or no answer. */
export type Problem = 'signIn' | 'setup' | 'unreachable'

/** Pages may set up an element some time after they have created it, in ms. */
const SETUP_MS = 2_000
const SETUP_ADVICE =
  'it needs `url`, the URL of the hub, and one of `token-url`, `token` and the property `client`.'

/** Follows what keeps a bell from showing the inbox. Each cause is written to the console once, with what to do. */
export const createProblems = (update: () => void) => {
  const setup = createTimer()
  let current: Problem | undefined
  let last = ''

  const explain = (message: string) => {
    if (message === last) return
    last = message
    console.error(`<notification-bell>: ${message}`)
  }
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
      if (!isSetUp) setup.set(() => explain(SETUP_ADVICE), SETUP_MS)
    },
    failed({ action, code, message }: CarillonError) {
      // A failed action is shown at its item.
      if (action) return
      const isRefused = isRefusal(code)
      set(isRefused ? 'signIn' : 'unreachable')
      explain(`${message} (${code}). ${isRefused ? 'Give it a valid token of the user.' : 'It tries again.'}`)
    },
    solved() {
      last = ''
      set(undefined)
    },
    stop: setup.clear,
  }
}
