import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { inject } from 'vitest'
import { freePort } from '../../testing/ports.ts'
import type {} from '../../testing/provided.ts'

/** Returns the path of nats-server: from the test harness, PATH, or Go's bin folders. */
export const natsServerPath = (): string | undefined => {
  const folders = [...(process.env.PATH ?? '').split(delimiter), goBin(), join(homedir(), 'go', 'bin')]
  return inject('natsServer') ?? folders.map((folder) => join(folder, 'nats-server')).find(existsSync)
}

const goBin = () => {
  try {
    return join(execFileSync('go', ['env', 'GOPATH'], { encoding: 'utf8' }).trim(), 'bin')
  } catch {
    return '' // Go is not installed.
  }
}

/** A nats-server of one test, on a free port, with its own store. */
export type NatsServer = {
  url: string
  /** Simulates a crash (kill -9). */
  kill(): Promise<void>
  /** Restarts it on the same store. */
  start(): Promise<void>
  /** Kills it and removes the store. */
  end(): Promise<void>
}

/** `config` is added to the server's configuration. */
export const startNatsServer = async (path: string, config = ''): Promise<NatsServer> => {
  const port = await freePort()
  const store = mkdtempSync(join(tmpdir(), 'carillon-nats-'))
  let running: ChildProcess | undefined
  const start = async () => {
    const file = join(store, 'nats.conf')
    writeFileSync(file, config)
    const args = ['-c', file, '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store]
    const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    running = child
    const ready = new Promise<void>((resolve, reject) => {
      let log = ''
      child.stderr.on('data', (chunk) => {
        log += chunk
        if (log.includes('Server is ready')) resolve()
      })
      child.once('exit', () => reject(new Error(`nats-server ended:\n${log}`)))
    })
    await ready
  }
  const kill = async () => {
    const child = running
    running = undefined
    if (!child) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  const end = async () => {
    await kill()
    rmSync(store, { recursive: true, force: true })
  }
  await start()
  return { url: `nats://127.0.0.1:${port}`, kill, start, end }
}
