import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { freePort } from '../../testing/ports.ts'
import type {} from '../../testing/provided.ts'

/** The path of redis-server; undefined if it is not installed. */
export const redisServer = inject('redisServer')
/** Why redis-server is missing; used in the titles of skipped tests. */
export const redisMissing = redisServer
  ? ''
  : ` (${inject('skipped').find(({ part }) => part === 'redis')?.reason})`

/** Starts a Redis for one test file, without persistence: a restart loses all data. */
export const startRedis = async () => {
  if (!redisServer) throw new Error('redis-server is not installed')
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'carillon-redis-'))
  let server: ChildProcess | undefined
  const start = async () => {
    const started = spawn(
      redisServer,
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    server = started
    let log = ''
    for await (const chunk of started.stdout.iterator({ destroyOnReturn: false })) {
      log += chunk
      if (log.includes('Ready to accept connections')) return void started.stdout.resume()
    }
    throw new Error(`redis-server ended:\n${log}`)
  }
  const stop = async () => {
    server?.kill('SIGKILL')
    if (server?.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    signal: (name: 'SIGSTOP' | 'SIGCONT') => server?.kill(name),
    close: async () => {
      await stop()
      rmSync(dir, { recursive: true })
    },
  }
}
