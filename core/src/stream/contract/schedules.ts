import { scheduleSubject, type WaitReason, workSubject } from '@carillon/schemas'
import { expect, test } from 'vitest'
import type { Stream } from '../port.ts'
import type { Kit } from './kit.ts'

/** The contract of schedules. */
export const schedulesContract = (kit: Kit): void => {
  const { world, tenant, text, later, take, one, eventually } = kit

  test('delivers a scheduled message once, when it is due', async () => {
    const { stream } = await world()
    const reader = await stream.read('work-high', { buffer: 10 })
    const at = Date.now() + 800
    const first = await stream.publish([later('k', 'now', at, 'd'), later('end', 'end', at + 400)])
    const again = await stream.publish([later('k', 'now', at, 'd')])
    expect([first[0]?.duplicate, again[0]?.duplicate]).toEqual([false, true])
    expect((await stream.backlog()).get('work-high')).toBe(0)
    const [due, end] = await take(reader, 2)
    if (!due || !end) throw new Error('two were scheduled')
    expect([due, end].map(text)).toEqual(['now', 'end'])
    expect(due).toMatchObject({ subject: workSubject('due', 'high', tenant), deliveries: 1 })
    expect(due.appendedAt).toBeGreaterThanOrEqual(at)
    await reader.ack([due, end])
    expect(await stream.publish([later('k', 'now', at, 'd')])).toMatchObject([{ duplicate: true }])
  })

  test('replaces and cancels schedules by their key', async () => {
    const { stream } = await world()
    const reader = await stream.read('work-high', { buffer: 10 })
    const at = Date.now() + 1_000
    await stream.publish([
      later('a', 'old', at),
      later('b', 'old', at),
      later('c', 'old', at),
      later('end', 'end', at + 300),
    ])
    await stream.publish([later('a', 'replaced', at + 100), later('b', 'at once', Date.now() - 1)])
    const keys = ['c', 'unknown'].map((key) => scheduleSubject(tenant, 'delay', key))
    expect([await stream.cancel(keys), await stream.cancel(keys)]).toEqual([1, 0])
    expect((await take(reader, 3)).map(text)).toEqual(['at once', 'replaced', 'end'])
  })

  test('cancels all schedules of a group, and no others', async () => {
    const { stream } = await world()
    const at = Date.now() + 3_600_000
    const key = (...tokens: [string, ...string[]]) => scheduleSubject(tenant, 'delay', ...tokens)
    const many = Array.from({ length: 2_500 }, (_, index) => key('g', `${index % 2}`, `k${index}`))
    const others = [key('g'), key('g-1', 'k'), key('h', 'k')]
    await stream.publish(
      [...many, ...others].map((each) => ({ ...later('any', '', at), schedule: { at, key: each } })),
    )
    const removed: number[] = []
    for (const group of [key('g', '1'), key('g'), key('g')]) removed.push(await stream.cancelGroup(group))
    expect([removed, await stream.cancel(others)]).toEqual([[1_250, 1_250, 0], 3])
  })

  test('counts scheduled messages by reason, and returns the time of the oldest unfinished message', async () => {
    const { stream, restart } = await world()
    const counts = async (of: Pick<Stream, 'waiting'>) => {
      const { scheduled } = await of.waiting()
      return Object.fromEntries([...scheduled].filter(([, waiting]) => waiting > 0))
    }
    const far = Date.now() + 60_000
    const waits = (reason: WaitReason, key: string, at: number) => ({
      ...later('any', key, at),
      schedule: { at, key: scheduleSubject(tenant, reason, key) },
    })
    const before = await stream.waiting()
    expect([await counts(stream), before.oldest.get('work-high')]).toEqual([{}, undefined])
    await stream.publish([
      ...['a', 'b', 'c'].map((key) => waits('quiet_hours', key, far)),
      ...[waits('quiet_hours', 'a', far + 1), waits('delay', 'a', far), waits('digest', 'a', far)],
    ])
    expect(await counts(stream)).toEqual({ quiet_hours: 3, delay: 1, digest: 1 })
    await stream.cancel([scheduleSubject(tenant, 'quiet_hours', 'b')])
    await stream.publish([waits('digest', 'a', Date.now() + 300)])
    const reader = await stream.read('work-high', { buffer: 10 })
    const fired = await one(reader)
    expect(await counts(stream)).toEqual({ quiet_hours: 2, delay: 1 })
    await stream.publish([waits('digest', 'b', Date.now() - 1)])
    const next = await one(reader)
    expect((await stream.waiting()).oldest.get('work-high')).toBe(fired.appendedAt)
    await reader.ack([fired])
    await eventually(async () =>
      expect((await stream.waiting()).oldest.get('work-high')).toBe(next.appendedAt),
    )
    await reader.ack([next])
    await eventually(async () => expect((await stream.waiting()).oldest.get('work-high')).toBeUndefined())
    expect(await counts(await restart())).toEqual({ quiet_hours: 2, delay: 1 })
  })

  test('keeps a message scheduled for more than a year, and delivers earlier ones first', async () => {
    const { stream } = await world()
    const reader = await stream.read('work-high', { buffer: 10 })
    const far = Date.now() + 400 * 86_400_000
    await stream.publish([later('far', 'far', far), later('soon', 'soon', Date.now() + 200)])
    expect(text(await one(reader))).toBe('soon')
    await stream.publish([later('far', 'early', Date.now() - 1)])
    expect(text(await one(reader))).toBe('early')
  })

  test('keeps schedules while the log is down', async () => {
    const { stream, restart } = await world()
    const at = Date.now() + 800
    await stream.publish([later('k', 'waited', at)])
    const after = await restart()
    const message = await one(await after.read('work-high', { buffer: 10 }))
    expect(text(message)).toBe('waited')
    expect(message.appendedAt).toBeGreaterThanOrEqual(at)
  })
}
