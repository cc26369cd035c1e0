import { element } from './dom.js'
import { call } from './http.js'

const POLL_MS = 1_000
/** The plans of the page end within this time. */
const FOLLOW_MS = 30_000

const MARKS = { pass: '✓', sent: '✓', wait: '…', join: '…', skip: '–', end: '–', failed: '✕', in_doubt: '?' }

/** Shows why the user got a notification or did not, and follows it for a while. */
export const mountExplanation = (list, { apiKey, user }) => {
  let shown = 0

  const show = async (id) => {
    const path = `v1/notifications/${encodeURIComponent(id)}/explain?user=${encodeURIComponent(user)}`
    const { decisions } = await call('GET', path, { key: apiKey })
    list.replaceChildren(
      ...decisions.map(({ outcome, text }) =>
        element(
          'li',
          { 'data-outcome': outcome },
          element('span', { 'aria-hidden': 'true' }, MARKS[outcome]),
          text,
        ),
      ),
    )
  }

  return {
    /** Explains this notification, in place of the one before. */
    follow: (id) => {
      const turn = ++shown
      const until = Date.now() + FOLLOW_MS
      const look = async () => {
        // Until a dispatcher has read it, there is nothing to explain.
        if (turn === shown) await show(id).catch(() => {})
        if (turn === shown && Date.now() < until) setTimeout(look, POLL_MS)
      }
      setTimeout(look, POLL_MS)
    },
  }
}
