import { UnavailableError } from '@carillon/core/errors'
import { scheduleSubject, workSubject } from '@carillon/schemas'
import { afterEach, expect, test } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { listenHealth } from './health.ts'

let world: World | undefined
let health: { port: number; close(): Promise<void> } | undefined
afterEach(async () => {
  await health?.close()
  await world?.close()
})

test('serves metrics while the event log is unreachable, without the backlog', async () => {
  world = await openWorld()
  const { stream, metrics } = world
  let reachable = true
  const backlog = async () => {
    if (!reachable) throw new UnavailableError('stream', new Error('down'))
    return stream.backlog()
  }
  health = await listenHealth({ ...world, stream: { ...stream, backlog } }, 0, '127.0.0.1')
  const scrape = async () => {
    const answer = await fetch(`http://127.0.0.1:${health?.port}/metrics?format=text`)
    return { status: answer.status, text: await answer.text() }
  }
  metrics.stored.inc({ priority: 'high' }, 3)
  const at = Date.now() + 3_600_000
  const schedule = { at, key: scheduleSubject(world.tenant, 'delay', 'k') }
  await stream.publish([
    { subject: workSubject('due', 'low', world.tenant), data: new Uint8Array(), schedule },
  ])
  const { text: before } = await scrape()
  expect(before).toContain('carillon_queue_backlog{queue="notify-normal"} 0')
  expect(before).toContain('carillon_queue_age_seconds{queue="notify-normal"} 0')
  expect(before).toContain('carillon_waiting_messages{reason="delay"} 1')
  reachable = false
  const { status, text } = await scrape()
  expect(status).toBe(200)
  expect(text).toContain('carillon_items_stored_total{priority="high"} 3')
  for (const gauge of ['queue_backlog', 'queue_age_seconds', 'waiting_messages'])
    expect(text).not.toContain(`carillon_${gauge}{`)
})

test('reports not ready while draining, and asks clients to close their connections', async () => {
  world = await openWorld()
  const listening = await listenHealth(world, 0, '127.0.0.1')
  health = listening
  const ready = async () => {
    const { status, headers } = await fetch(`http://127.0.0.1:${listening.port}/readyz`)
    return [status, headers.get('connection')]
  }
  expect(await ready()).toEqual([200, 'keep-alive'])
  listening.drain()
  expect(await ready()).toEqual([503, 'close'])
})

test('listens on every address without a host', async () => {
  world = await openWorld()
  const listening = await listenHealth(world, 0)
  health = listening
  expect((await fetch(`http://127.0.0.1:${listening.port}/healthz`)).status).toBe(200)
})
