import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Settings, startCarillon } from '../rig/carillon.ts'

/** A running `carillon dev`, with the data that blocks need. `settings` are its settings. */
export type Installation = {
  url: string
  apiKey: string
  settings: Settings
  stop(): Promise<unknown>
}

export const TENANT = 'demo'

/** Starts `carillon dev` on a data directory. */
export const startInstallation = async (dataDir: string, settings: Settings = {}): Promise<Installation> => {
  const own = { CARILLON_DATA_DIR: dataDir, CARILLON_LOG_LEVEL: 'warn', ...settings } as const
  const server = await startCarillon(['dev'], own)
  const { apiKey, secret } = JSON.parse(await readFile(join(dataDir, 'dev.json'), 'utf8')) as {
    apiKey: string
    secret: string
  }
  return { url: server.url, apiKey, settings: { CARILLON_SECRET: secret, ...own }, stop: () => server.stop() }
}

/** Sends an API request as a backend. Rejects unless it succeeds. */
export const request = async <Answer>(
  { url, apiKey }: Installation,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}
