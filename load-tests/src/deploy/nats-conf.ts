import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The users of deploy/nats.conf. */
export const NATS_USERS = ['hub', 'dispatcher', 'acme', 'sys'] as const
export type NatsUser = (typeof NATS_USERS)[number]

/**
 * Returns the shipped configuration for a local test server: without the monitoring port, the store directory and the sync
 * interval, and with generated passwords instead of environment variables.
 */
export const shippedNatsConf = () => {
  const passwords = new Map(NATS_USERS.map((user) => [user, randomBytes(12).toString('hex')]))
  const shipped = readFileSync(new URL('../../../deploy/nats.conf', import.meta.url), 'utf8')
  const config = shipped
    .replaceAll(/\$NATS_([A-Z]+)_PASSWORD/g, (_, user: string) =>
      JSON.stringify(passwords.get(user.toLowerCase() as NatsUser)),
    )
    .replace(/^http: .*$/m, '')
    .replace(/^ {2}store_dir: .*$/m, '')
    .replace(/^ {2}sync_interval: always$/m, '')
  return {
    config,
    /** Returns the server URL with the credentials of a user. */
    as: (url: string, user: NatsUser) => url.replace('nats://', `nats://${user}:${passwords.get(user)}@`),
  }
}
