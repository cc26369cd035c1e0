// usage: zz.ts single|fanout N
import { readFileSync } from 'node:fs'
import { notifySubject } from '@carillon/schemas'
import { connectCassandra } from '@carillon/core/store/cassandra'
import { startClustered } from './cluster.ts'
import { cleaningUp, USERS } from './bench.ts'
import { startReceivers } from './receivers.ts'
import { openPublisher } from './publisher.ts'
import { notificationFor, TYPE, userOf, freshId } from './payload.ts'
import { closedLoop } from './load.ts'
const [what, ns, opt] = process.argv.slice(2)
const N = Number(ns)
const base = { nats: process.env.CARILLON_NATS_URL!, redis: process.env.CARILLON_REDIS_URL!, cassandra: process.env.CARILLON_CASSANDRA_URL! }
const ks = 'zz' + Math.random().toString(36).slice(2, 8)
const dir = mkdtempSync('/tmp/zz-')
const [natsS, redisS] = await Promise.all([startNats({ dir }), startRedis()])
const urls = { nats: natsS.url, redis: redisS.url, cassandra: base.cassandra.replace('/carillon?', `/${ks}?`) }
const ticks = (pid: number) => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '); return (Number(f[11]) + Number(f[12])) * 10 }
import { startNats, startRedis } from '../rig/servers.ts'
import { mkdtempSync } from 'node:fs'
import { execSync } from 'node:child_process'
const java = Number(execSync("pgrep -f 'jvm17.opts' | head -1").toString())
await cleaningUp(async (later) => {
  const { hub, dispatcher, tenant } = await startClustered({ urls, processes: {} } as any, later)
  const receivers = await startReceivers(); later(receivers.stop)
  await receivers.connect(hub.url, await tenant.auths(USERS))
  const cass = connectCassandra(urls.cassandra)
  later(() => cass.client.shutdown()) 
  later(async () => { await cass.client.execute(`DROP KEYSPACE ${ks}`, [], {readTimeout: 60000} as any).catch(() => {}) })
  const counts = async () => {
    const out: Record<string, number> = {}
    for (const k of ['read', 'write']) {
      const rs = await cass.client.execute(`SELECT table_name, count FROM system_views.local_${k}_latency WHERE keyspace_name = '${ks}' ALLOW FILTERING`)
      for (const r of rs.rows) out[`${k} ${r.table_name}`] = Number(r.count)
    }
    return out
  }
  const publisher = await openPublisher(urls.nats); later(publisher.close)
  const subject = notifySubject(tenant.id, 'normal', TYPE)
  const round = async (seconds: number) => {
    const target = { processes: { hub: hub.pid, dispatcher: dispatcher.pid, java }, send: ({ run, from, count, at }: any) => publisher.publish(Array.from({ length: count }, (_, i) => { const mark = { run, n: from + i, at }; const id = freshId(mark, tenant.id); return { subject, id, body: JSON.stringify({ ...notificationFor(mark as any, userOf(mark.n % USERS)), id }) } })) }
    return closedLoop(target as any, receivers, { connections: USERS, seconds, window: 2000, chunk: 100 })
  }
  const blast = async (n: number, topic: string) => {
    await tenant.join(hub.url, topic, 0, n)
    const c0 = await counts(); const t0 = [hub.pid, dispatcher.pid, java].map(ticks); const at = Date.now()
    const run = await receivers.begin({ connections: USERS, toAll: true } as any)
    const id = await tenant.send(hub.url, notificationFor({ run, n: 0, at } as any, { topic }))
    for (;;) { const s: any = await tenant.status(hub.url, id); if (s?.state === 'delivered') break; await new Promise((r) => setTimeout(r, 50)) }
    const ms = Date.now() - at; const t1 = [hub.pid, dispatcher.pid, java].map(ticks)
    await new Promise((r) => setTimeout(r, 300)); const c1 = await counts()
    return { n, ms, c0, c1, t: t1.map((t, i) => t - t0[i]!) }
  }
  if (what === 'single') {
    await round(Number(opt ?? 10))
    for (let k = 0; k < N; k++) {
    const c0 = await counts(); const t0 = [hub.pid, dispatcher.pid, java].map(ticks)
    const r: any = await round(3)
    const t1 = [hub.pid, dispatcher.pid, java].map(ticks); await new Promise((r) => setTimeout(r, 300)); const c1 = await counts()
    console.log('sent', r.sent, 'µs: hub', ...t1.map((t, i) => ((t - t0[i]!) * 1000 / r.sent).toFixed(0)))
    if (k === 0) for (const k of Object.keys(c1)) { const d = (c1[k]! - (c0[k] ?? 0)) / r.sent; if (d > 0.001) console.log('   ', k, d.toFixed(3)) }
    }
  } else {
    await blast(N, 'warm'); 
    for (let k = 0; k < 3; k++) {
    const r = await blast(N, 't' + k)
    console.log('fanout', N, 'ms', r.ms, 'µs/recipient hub dispatcher java', ...r.t.map((t) => (t * 1000 / N).toFixed(1)))
    if (k === 0) for (const k of Object.keys(r.c1)) { const d = (r.c1[k]! - (r.c0[k] ?? 0)) / N; if (d > 0.0001) console.log('   ', k, d.toFixed(4)) }
    }
  }
  
})
await Promise.all([natsS.stop(), redisS.stop()])
process.exit(0)
