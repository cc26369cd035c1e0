// Runs in the pages of the bench of the bell, before their own scripts. Times are in ms since the start of the page.

const frames = []

/** Records when a frame with a new item arrives, before any other handler runs. */
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols)
    this.addEventListener('message', ({ data }) => {
      if (String(data).includes('inbox.added')) frames.push(performance.now())
    })
  }
}

/** How far a list is scrolled in each frame, px, and for how long, ms. */
const STEP = 40
const SCROLLED_MS = 4_000
const nextFrame = () => new Promise(requestAnimationFrame)

const rootOf = (host) => (host ? document.querySelector(host)?.shadowRoot : document)

Object.assign(globalThis, {
  lastFrame: () => frames.at(-1),
  count: ([host, selector]) => rootOf(host)?.querySelectorAll(selector).length ?? 0,

  /** Resolves with the time at which an element that matches has been painted. */
  painted: ([host, selector]) =>
    new Promise((resolve) => {
      const look = () => {
        if (!rootOf(host)?.querySelector(selector)) return requestAnimationFrame(look)
        // The frame after the one that painted it.
        requestAnimationFrame(() => resolve(performance.now()))
      }
      look()
    }),

  /** Adds a bell. Returns when its script was requested. */
  addBell({ url, token, mode }) {
    const script = Object.assign(document.createElement('script'), { type: 'module', src: `${url}/bell.js` })
    const bell = document.createElement('notification-bell')
    for (const [name, value] of Object.entries({ url, token, mode })) bell.setAttribute(name, value)
    document.body.append(bell, script)
    return performance.now()
  },

  /** Adds a script that fetches the inbox and appends a list element with its count. Returns when it started. */
  addBare({ url, token }) {
    const code = `
      const reply = await fetch('${url}/v1/inbox?limit=20', { headers: { authorization: 'Bearer ${token}' } })
      const { counts } = await reply.json()
      const element = document.createElement('li')
      element.className = 'count'
      element.textContent = counts.unread
      document.body.append(element)`
    document.body.append(
      Object.assign(document.createElement('script'), { type: 'module', textContent: code }),
    )
    return performance.now()
  },

  /** Appends a list element for each new item, over a bare WebSocket that speaks just enough of Socket.IO's protocol. */
  listBare({ url, token }) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    const list = document.body.appendChild(document.createElement('ul'))
    socket.addEventListener('message', ({ data }) => {
      if (data === '2') socket.send('3')
      else if (data.startsWith('40')) list.className = 'live'
      else if (data.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`)
      else if (data.startsWith('42["inbox.added"')) {
        const [, { item }] = JSON.parse(data.slice(2))
        list.appendChild(document.createElement('li')).textContent = item.title
      }
    })
  },

  /** Scrolls a list until it has loaded this many items. Returns how many it has. */
  async loadAll({ host, list, items }) {
    const element = rootOf(host).querySelector(list)
    const loaded = () => Number([...element.querySelectorAll('article')].at(-1)?.ariaPosInSet ?? 0)
    while (loaded() < items) {
      element.scrollTop = element.scrollHeight
      await nextFrame()
    }
    element.scrollTop = 0
    await nextFrame()
    return loaded()
  },

  /** Adds a scrollable list of these rows. */
  addRows(rows) {
    const list = document.body.appendChild(document.createElement('ul'))
    Object.assign(list.style, { blockSize: '600px', overflow: 'auto' })
    for (const { title, body } of rows) {
      const row = list.appendChild(document.createElement('li'))
      row.append(Object.assign(document.createElement('h3'), { textContent: title }))
      row.append(Object.assign(document.createElement('p'), { textContent: body }))
    }
    return rows.length
  },

  /** Scrolls a list for some seconds. Returns the number of frames, as a share of 60 frames a second. */
  async scrollFrames([host, list]) {
    const element = rootOf(host).querySelector(list)
    await nextFrame()
    const began = performance.now()
    let frames = 0
    for (; performance.now() - began < SCROLLED_MS; frames++) {
      element.scrollBy(0, STEP)
      await nextFrame()
    }
    return Math.min(1, frames / ((performance.now() - began) * 0.06))
  },
})
