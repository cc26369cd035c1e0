/** Shows the connection, failed changes and arrivals of the bell. */

/** The attempted change, for the message about its failure. */
const VERBS = {
  read: 'marked read',
  unread: 'marked unread',
  seen: 'marked seen',
  archive: 'archived',
  unarchive: 'moved back',
  remove: 'deleted',
  act: 'answered',
  'read-all': 'marked read',
}
/** Changes that are not saved after this time are mentioned. */
const UNSAVED_MS = 2_000
/** Arrivals within this time are announced together. */
const ANNOUNCE_MS = 400

/** Returns the message about a change that failed and was undone. */
export const failureText = ({ ids: [id], verb, problem }, item) => {
  const what = id ? `“${item?.title ?? item?.type ?? 'A notification'}”` : 'All notifications'
  return `${what} could not be ${VERBS[verb] ?? 'changed'}: ${problem}`
}

/** Shows in `state` that the client is offline, or that changes are not saved. */
export const connectionStatus = (state, client) => {
  let waitingSince
  let timer
  const render = () => {
    const { connection, pending } = client
    waitingSince = pending > 0 ? (waitingSince ?? performance.now()) : undefined
    const late = connection === 'offline' || performance.now() - waitingSince >= UNSAVED_MS
    const some = pending === 1 ? 'One change is' : `${pending} changes are`
    const texts = { offline: 'Offline. Trying to connect…', stopped: 'Disconnected' }
    const parts = [texts[connection], pending > 0 && late && `${some} not saved yet.`]
    state.textContent = parts.filter(Boolean).join(' ')
    state.hidden = state.textContent === ''
    clearTimeout(timer)
    if (pending > 0 && !late) timer = setTimeout(render, UNSAVED_MS)
  }
  return { render, stop: () => clearTimeout(timer) }
}

/** Rings `button` for every arrival, and announces arrivals with `say`. */
export const arrivals = (button, say) => {
  let arrived = []
  let timer
  const announce = () => {
    const [first] = arrived
    say(
      arrived.length === 1
        ? `New notification: ${first.title ?? first.type}`
        : `${arrived.length} new notifications`,
    )
    arrived = []
  }
  return {
    add: (item) => {
      arrived.push(item)
      button.classList.remove('is-ringing')
      // Reading a size ends the running animation, so that it restarts.
      void button.offsetWidth
      button.classList.add('is-ringing')
      clearTimeout(timer)
      timer = setTimeout(announce, ANNOUNCE_MS)
    },
    stop: () => clearTimeout(timer),
  }
}
