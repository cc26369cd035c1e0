import { scheduleSubject, workSubject } from '@carillon/schemas'
import { expect, test } from 'vitest'
import type { Kit } from './kit.ts'

/** The contract of schedules. */
export const schedulesContract = (kit: Kit): void => {
  const { world, tenant, text, later, take, one } = kit

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
    const keys = ['c', 'unknown'].map((key) => scheduleSubject(tenant, key))
    expect([await stream.cancel(keys), await stream.cancel(keys)]).toEqual([1, 0])
    expect((await take(reader, 3)).map(text)).toEqual(['at once', 'replaced', 'end'])
  })

  test('cancels all schedules of a group, and no others', async () => {
    const { stream } = await world()
    const reader = await stream.read('work-high', { buffer: 10 })
    const at = Date.now() + 1_000
    const key = (...tokens: [string, ...string[]]) => scheduleSubject(tenant, ...tokens)
    const grouped = (...tokens: [string, ...string[]]) => ({
      ...later('any', 'kept', at),
      schedule: { at, key: key(...tokens) },
    })
    const many = Array.from({ length: 2_500 }, (_, index) => grouped('g', `${index % 2}`, `k${index}`))
    await stream.publish([...many, grouped('g'), grouped('g-1', 'k'), grouped('h', 'k')])
    const groups = [key('g', '1'), key('g'), key('g')]
    const removed: number[] = []
    for (const group of groups) removed.push(await stream.cancelGroup(group))
    expect(removed).toEqual([1_250, 1_250, 0])
    expect((await take(reader, 3)).map(text)).toEqual(['kept', 'kept', 'kept'])
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
