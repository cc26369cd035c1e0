// Runs in each tab of the test: a client and what it shows.
import { createClient } from '/client.js'

let client
let feed

const timing = { spread: 100, retry: 100, retryMax: 500, patience: 200, request: 1_000 }

Object.assign(window, {
  begin(token) {
    client = createClient({ url: '/', token, timing })
    client.on('notification', ({ id }) => window.announce(id))
    feed = client.feed({ limit: 100 })
    feed.subscribe(() => {})
  },
  end: () => client.close(),
  state() {
    const { status, items } = feed.getSnapshot()
    return {
      settled: status === 'ready' && client.connection === 'live' && client.pending === 0,
      counts: client.counts.getSnapshot(),
      items: items.map(({ id, readAt, seenAt }) => `${id} ${readAt ? 'read' : seenAt ? 'seen' : 'new'}`),
    }
  },
  act(verb, at) {
    const { items } = feed.getSnapshot()
    if (items.length === 0) return
    const { id } = items[at % items.length]
    const acts = {
      read: () => feed.read(id),
      unread: () => feed.unread(id),
      archive: () => feed.archive(id),
      seen: () => feed.seen([id]),
      readAll: () => feed.readAll(),
    }
    // The client reports a failed action by an event, too.
    acts[verb]().catch(() => {})
  },
})
