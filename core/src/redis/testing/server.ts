import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type {} from '../../testing/provided.ts'

/** The redis-server that tests run against; undefined when there is none. */
export const redisServer = inject('redisServer')
/** Why there is none, to be put behind the name of what is skipped. */
export const redisMissing = redisServer
  ? ''
  : ` (${inject('skipped').find(({ part }) => part === 'redis')?.reason})`

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A Redis of one test file's own that keeps nothing: when it starts again it has lost everything. */
export const startRedis = async () => {
  if (!redisServer) throw new Error('there is no redis-server')
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
    for await (const chunk of started.stdout) if (String(chunk).includes('Ready to accept connections')) break
    started.stdout.resume()
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
