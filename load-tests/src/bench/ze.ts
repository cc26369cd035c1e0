import { readFileSync } from 'node:fs'
import { startEmbedded } from './embedded.ts'
import { cleaningUp, USERS } from './bench.ts'
import { startReceivers } from './receivers.ts'
import { notificationFor, userOf } from './payload.ts'
import { closedLoop } from './load.ts'
const [what, ns] = process.argv.slice(2)
const C = Number(process.argv[4] ?? USERS)
const N = Number(ns)
const ticks = (pid: number) => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '); return (Number(f[11]) + Number(f[12])) * 10 }
await cleaningUp(async (later) => {
  const { server, tenant } = await startEmbedded(later)
  const receivers = await startReceivers(); later(receivers.stop)
  await receivers.connect(server.url, await tenant.auths(C))
  if (what === 'single') {
    const round = (seconds: number) => closedLoop({ processes: { c: server.pid }, send: ({ run, from, count, at }: any) => tenant.sendBatch(server.url, Array.from({ length: count }, (_, i) => notificationFor({ run, n: from + i, at } as any, userOf((from + i) % USERS)))) } as any, receivers, { connections: USERS, seconds, window: 2000, chunk: 200 })
    await round(4)
    for (let k = 0; k < N; k++) { const t0 = ticks(server.pid); const r: any = await round(2); console.log('sent', r.sent, 'µs', ((ticks(server.pid) - t0) * 1000 / r.sent).toFixed(0)) }
  } else {
    for (let k = 0; k < 5; k++) {
      await tenant.join(server.url, 't' + k, 0, N)
      const t0 = ticks(server.pid); const at = Date.now()
      const run = await receivers.begin({ connections: C, toAll: true } as any)
      const id = await tenant.send(server.url, notificationFor({ run, n: 0, at } as any, { topic: 't' + k }))
      for (;;) { const s: any = await tenant.status(server.url, id); if (s?.state === 'delivered') break; await new Promise((r) => setTimeout(r, 20)) }
      console.log('fanout', N, 'ms', Date.now() - at, 'µs', ((ticks(server.pid) - t0) * 1000 / N).toFixed(1))
    }
  }
})
process.exit(0)
