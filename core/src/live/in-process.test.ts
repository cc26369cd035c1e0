import { liveContract, openHub } from './contract.ts'
import { inProcessLive } from './in-process.ts'
import { standaloneServer } from './server.ts'

liveContract('in process', async () => {
  const io = standaloneServer()
  const live = inProcessLive({ io })
  const hub = await openHub(io)
  return {
    live,
    hubs: [hub.url, hub.url],
    close: async () => {
      await live.close()
      await hub.close()
    },
  }
})
