import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notifySubject, workSubject } from '@carillon/schemas'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { openDatabase } from '../sqlite/database.ts'
import type { World } from './contract/kit.ts'
import { streamContract } from './contract/stream.ts'
import { embeddedStream } from './embedded.ts'
import { DEDUPE_WINDOW_MS, RETENTION_MS } from './port.ts'

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

const open = async ({ full } = { full: false }): Promise<World> => {
  const root = mkdtempSync(join(tmpdir(), 'carillon-stream-'))
  const endings: (() => Promise<void>)[] = []
  let folder = join(root, '0')
  const start = () => {
    const database = openDatabase(join(folder, 'test.db'))
    const stream = embeddedStream({ database, ...(full && { maxMessages: 20 }) })
    endings.push(async () => {
      await stream.close()
      await database.close()
    })
    return { database, stream }
  }
  /** Reopens the files that a `kill -9` leaves: copies of the file and its write-ahead log. */
  const crash = async () => {
    const copy = join(root, String(endings.length))
    cpSync(folder, copy, { recursive: true })
    folder = copy
    return start().stream
  }
  const { database, stream } = start()
  return {
    stream,
    other: async () => stream,
    die: crash,
    restart: crash,
    down: () => database.close(),
    end: async () => {
      for (const each of endings) await each().catch(() => {})
      rmSync(root, { recursive: true, force: true })
    },
  }
}

streamContract('embedded stream', { open, ackWaitMs: 50 })

describe('embedded stream', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const subject = notifySubject('acme', 'low', 'x')
  const wake = (dedupe: string) => ({ subject: workSubject('wake', 'low', 'acme'), data: bytes('1'), dedupe })
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), 'carillon-stream-'))
    onTestFinished(() => rmSync(made, { recursive: true, force: true }))
    return made
  }

  test('keeps accepted messages and delivery counts after a `kill -9`', async () => {
    const file = join(folder(), 'test.db')
    const script = `
      const { openDatabase } = await import(${JSON.stringify(import.meta.resolve('../sqlite/database.ts'))})
      const { embeddedStream } = await import(${JSON.stringify(import.meta.resolve('./embedded.ts'))})
      const stream = embeddedStream({ database: openDatabase(${JSON.stringify(file)}) })
      const reader = await stream.read('notify-low', { buffer: 10 })
      let taken = false
      reader.onReady(async () => {
        if (taken) return
        taken = true
        const [first] = reader.take(10)
        await reader.ack([first])
        process.stdout.write('acked')
      })
      const data = new Uint8Array(100)
      await stream.publish(Array.from({ length: 30 }, () => ({ subject: ${JSON.stringify(subject)}, data })))
    `
    const flags = ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', script]
    const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')

    const database = openDatabase(file)
    const stream = embeddedStream({ database })
    expect((await stream.backlog()).get('notify-low')).toBe(29)
    const reader = await stream.read('notify-low', { buffer: 100 })
    await eventually(() => expect(reader.ready).toBe(29))
    const deliveries = reader.take(100).map((message) => message.deliveries)
    // Nine were held, and a tenth may have replaced the acked one.
    expect(deliveries.slice(0, 9)).toEqual(Array(9).fill(2))
    expect(deliveries.slice(10)).toEqual(Array(19).fill(1))
    await stream.close()
    await database.close()
  })

  test('removes expired deduplication ids and dead letters', async () => {
    const database = openDatabase(join(folder(), 'test.db'))
    let clock = Date.now()
    const now = () => clock
    const stream = embeddedStream({ database, clock: { ...systemClock, now } })
    await stream.publish([{ subject, data: bytes('1') }, wake('acme 1')])
    const reader = await stream.read('notify-low', { buffer: 10 })
    await eventually(() => expect(reader.ready).toBe(1))
    const reason = { code: 'internal', detail: '' } as const
    await reader.deadLetter(reader.take(1).map((message) => ({ message, reason })))
    await stream.publish([{ subject: 'event.acme.inbox.read', data: bytes('{}') }])
    await stream.close()

    clock += RETENTION_MS + 1
    const later = embeddedStream({ database, clock: { ...systemClock, now } })
    await eventually(async () => expect(await later.deadLetters({ limit: 10 })).toEqual([]))
    expect(database.handle.prepare('SELECT * FROM stream_events').all()).toEqual([])
    const again = await later.publish([wake('acme 1')])
    expect(again).toMatchObject([{ duplicate: false }])
    await later.close()
    await database.close()
  })

  test('deduplicates for ten minutes, across windows and after the clock is set back', async () => {
    const database = openDatabase(':memory:')
    const border = Math.ceil(Date.now() / DEDUPE_WINDOW_MS) * DEDUPE_WINDOW_MS
    let clock = border - 1_000
    const stream = embeddedStream({ database, clock: { ...systemClock, now: () => clock } })
    const publish = async (dedupe: string) => {
      const [published] = await stream.publish([wake(dedupe)])
      return published
    }
    const early = await publish('acme early')
    clock = border + 1_000
    expect(await publish('acme early')).toEqual({ sequence: early?.sequence, duplicate: true })
    const late = await publish('acme late')
    clock = border - 1_000
    expect(await publish('acme late')).toEqual({ sequence: late?.sequence, duplicate: true })
    clock = border + DEDUPE_WINDOW_MS
    expect(await publish('acme early')).toMatchObject({ duplicate: false })
    await stream.close()
    await database.close()
  })

  test('rejects a subject without a queue before it appends anything', async () => {
    const database = openDatabase(':memory:')
    const stream = embeddedStream({ database })
    const wrong = { subject: 'notify.acme.urgent.x', data: bytes('?') }
    await expect(stream.publish([{ subject, data: bytes('fine') }, wrong])).rejects.toThrow(/no queue/)
    expect((await stream.backlog()).get('notify-low')).toBe(0)
    await stream.close()
    await database.close()
  })
})
