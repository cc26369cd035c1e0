import { scheduleSubject } from '@carillon/schemas'
import { expect, test, vi } from 'vitest'
import { createLog } from '../../telemetry/log.ts'
import { createMetrics } from '../../telemetry/metrics.ts'
import { watchForFullLog } from '../full-log.ts'
import type { Kit } from './kit.ts'

/** The contract of a full, crashed or unreachable log. */
export const faultsContract = (kit: Kit): void => {
  const { world, tenant, queue, subject, text, notify, take, one } = kit

  test('rejects new messages when it is full, and keeps the stored ones', async () => {
    const { stream } = await world({ full: true })
    let accepted = 0
    const fill = async () => {
      for (; accepted < 100; accepted++) await stream.publish([{ subject, data: new Uint8Array(10_000) }])
    }
    await expect(fill()).rejects.toMatchObject({ problem: { code: 'stream_full', temporary: true } })
    const reader = await stream.read(queue, { buffer: 100 })
    expect(await take(reader, accepted)).toHaveLength(accepted)
    expect(accepted).toBeGreaterThan(1)
  })

  test('logs once that it is full, sets the metric and is not ready', async () => {
    const { stream } = await world({ full: true })
    const log = createLog({ level: 'silent', role: 'test' })
    const error = vi.spyOn(log, 'error')
    const metrics = createMetrics()
    const watched = watchForFullLog(stream, { log, metrics })
    await watched.check()
    const publish = () => watched.publish([{ subject, data: new Uint8Array(10_000) }])
    const refused = async () => {
      for (let n = 0; n < 100; n++) await publish()
    }
    await expect(refused()).rejects.toMatchObject({ problem: { code: 'stream_full' } })
    for (let n = 0; n < 5; n++) await expect(publish()).rejects.toThrow()
    await expect(watched.check()).rejects.toMatchObject({ problem: { code: 'stream_full' } })
    expect(error).toHaveBeenCalledTimes(1)
    expect((await metrics.streamFull.get()).values).toMatchObject([{ value: 1 }])
  })

  test('keeps every accepted message after a crash', async () => {
    const { stream, restart } = await world()
    const accepted: string[] = []
    const publishing = Array.from({ length: 20 }, async (_, batch) => {
      const messages = Array.from({ length: 20 }, (_, index) => notify(`${batch}-${index}`))
      await stream.publish(messages)
      accepted.push(...messages.map(text))
    })
    await Promise.race(publishing)
    const after = await restart()
    await Promise.allSettled(publishing)
    const reader = await after.read(queue, { buffer: 1_000 })
    const found = new Set<string>()
    while (accepted.some((each) => !found.has(each))) found.add(text(await one(reader)))
    expect(found.size).toBeGreaterThanOrEqual(20)
  })

  test('rejects within a bounded time while it is unreachable', async () => {
    const { stream, down } = await world()
    const reader = await stream.read(queue, { buffer: 10 })
    await stream.publish([notify('held')])
    const message = await one(reader)
    await down()
    const away = { problem: { code: 'unavailable' }, part: 'stream' }
    await expect(stream.check()).rejects.toMatchObject(away)
    await expect(stream.publish([notify('x')])).rejects.toMatchObject(away)
    await expect(stream.cancel([scheduleSubject(tenant, 'delay', 'k')])).rejects.toMatchObject(away)
    await expect(reader.ack([message])).rejects.toMatchObject(away)
    await expect(stream.removeDeadLetter(1)).rejects.toMatchObject(away)
  })
}
