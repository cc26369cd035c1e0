import { expect, test, vi } from 'vitest'
import { openHub } from './contract/ends.ts'
import { liveContract } from './contract/live.ts'
import { inProcessLive } from './in-process.ts'
import { GRACE_MS } from './port.ts'
import { standaloneServer } from './server.ts'

liveContract('in process', async () => {
  const io = standaloneServer()
  const live = inProcessLive({ io })
  const hub = await openHub(io)
  return {
    live,
    hubs: [hub.url, hub.url],
    watching: [live, live],
    close: async () => {
      await live.close()
      await hub.close()
    },
  }
})

test('reports a user who left as away after the grace period', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const live = inProcessLive({ io: standaloneServer() })
    const ada = { tenant: 'acme', user: 'ada' }
    live.left(ada.tenant, ada.user)
    vi.advanceTimersByTime(GRACE_MS - 1)
    expect(await live.presence([ada])).toEqual(['left'])
    vi.advanceTimersByTime(2)
    expect(await live.presence([ada])).toEqual(['away'])
  } finally {
    vi.useRealTimers()
  }
})
