import { test, onTestFinished } from 'vitest'
import { connectNats, jetstreamStream } from './jetstream.ts'
import { natsServerPath, startNatsServer } from './jetstream/nats-server.fixture.ts'
test('time', async () => {
  const server = await startNatsServer(natsServerPath()!)
  onTestFinished(server.end)
  const connection = await connectNats(server.url, 't')
  onTestFinished(() => connection.close())
  let t = performance.now()
  const lap = (n: string) => { console.log(n, performance.now() - t); t = performance.now() }
  const stream = await jetstreamStream({ connection }); lap('first start')
  const again = await jetstreamStream({ connection }); lap('second start')
  for (let i = 0; i < 20; i++) await stream.backlog(); lap('20 backlogs')
  await stream.exhume(1).then(() => console.log('ok'), (e) => console.log('exhume', e.code, e.status, e.message))
  await stream.deadLetter('a', 1).then(console.log, (e) => console.log('get1', e.message))
  await stream.deadLetter('a', 0).then(console.log, (e) => console.log('get0', e.message))
  await stream.exhume(0).then(() => console.log('ok'), (e) => console.log('exhume0', e.code, e.status, e.message))
  await connection.request('x').catch(() => {})
  for (const d of ['dead.acme.notify-low','dead.acme.notify-low']) await (await import('@nats-io/jetstream')).jetstream(connection).publish(d, 'x')
  await stream.exhume(1).then(() => console.log('ok1'), (e) => console.log('exhume', e.code, e.status, e.message))
  await stream.exhume(1).then(() => console.log('ok1 again'), (e) => console.log('exhume', e.code, e.status, e.message))
  await stream.exhume(99).then(() => console.log('ok99'), (e) => console.log('exhume', e.code, e.status, e.message))
  await stream.deadLetter('acme', 1).then(console.log, (e) => console.log('get1', e.message))
  await stream.deadLetter('acme', 1e15).then(console.log, (e) => console.log('get1', e.message))
  await again.close()
})
