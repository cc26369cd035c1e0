/** Connected apps: sockets as the bell opens them. */
import exec from 'k6/execution'
import { WebSocket } from 'k6/websockets'
import { hub, tokensOf } from './hub.js'
import { doubled, faults, repeated } from './receipts.js'

const USERS_PER_VU = 50
const OPEN = 1
const ACKNOWLEDGED_EVERY_MS = 1_000

/**
 * Opens a socket with Engine.IO 4 and Socket.IO 5 in text frames. `onReady`: the hub has accepted the token; `onItem`: a new
 * item; `onEnd`: the connection ended before `close` was called.
 */
export const openBell = (url, token, { onReady = () => {}, onItem, onEnd }) => {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`)
  const seen = {}
  const unacknowledged = []
  let closing = false

  const onAdded = ({ item }) => {
    if (seen[item.id]) return (item.data?.twice ? repeated : doubled).add(1)
    seen[item.id] = true
    unacknowledged.push(item.id)
    onItem(item)
  }
  const acknowledge = () => {
    const ids = socket.readyState === OPEN ? unacknowledged.splice(0, 100) : []
    if (ids.length > 0) socket.send(`42["inbox.received",${JSON.stringify({ ids })}]`)
  }

  socket.onmessage = ({ data }) => {
    if (closing) return
    if (data === '2') return socket.send('3')
    if (data.startsWith('0')) return socket.send(`40${JSON.stringify({ token })}`)
    if (data.startsWith('44') || data.startsWith('41')) {
      console.error(`the hub refused or ended a connection: ${data}`)
      return socket.close()
    }
    if (data.startsWith('40')) return onReady()
    if (!data.startsWith('42')) return
    const [name, message] = JSON.parse(data.slice(2))
    if (name === 'inbox.added') onAdded(message)
  }
  socket.onerror = ({ error }) => console.error(`socket: ${error}`)
  const acknowledging = setInterval(acknowledge, ACKNOWLEDGED_EVERY_MS)
  socket.onclose = () => {
    clearInterval(acknowledging)
    if (!closing) onEnd()
  }
  const close = () => {
    closing = true
    clearInterval(acknowledging)
    socket.close()
  }
  return { close }
}

const vusFor = (users) => Math.ceil(users / USERS_PER_VU)

/** Returns the scenario of a function that connects `users`, 50 in each VU. */
export const connecting = (users, exec, seconds) => ({
  executor: 'per-vu-iterations',
  exec,
  vus: vusFor(users),
  maxDuration: `${seconds}s`,
})

/** Returns the users of this VU, of `users` in all, with their numbers and tokens. */
export const usersOfVu = (prefix, users) => {
  const first = (exec.scenario.iterationInTest % vusFor(users)) * USERS_PER_VU
  const numbers = []
  for (let n = first; n < Math.min(users, first + USERS_PER_VU); n += 1) numbers.push(n)
  const tokens = tokensOf(numbers.map((n) => `${prefix}-${n}`))
  faults.add(tokens.filter((token) => token === undefined).length)
  return numbers.map((n, at) => ({ n, token: tokens[at] })).filter(({ token }) => token !== undefined)
}

/** Connects the users of this VU and listens until `end`. `connections`: sockets of each. */
export const listenUntil = (end, onItem, { prefix, users, connections = 1 }) => {
  for (const { n, token } of usersOfVu(prefix, users))
    for (let connection = 0; connection < connections; connection += 1) {
      const bell = openBell(hub(n + connection), token, { onItem, onEnd: () => faults.add(1) })
      setTimeout(bell.close, end - Date.now())
    }
}
