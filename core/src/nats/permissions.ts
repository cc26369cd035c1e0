import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { connectNats, TIME_LIMIT_MS } from './connection.ts'

const PING_LIMIT_MS = 500
const REMEDY = 'allow its user the subjects in deploy/nats.conf and no others'

/** Reports whether the servers accept a connection without credentials. */
const isOpen = async (url: string): Promise<boolean> => {
  const servers = url.split(',').map((each) => new URL(each.trim()).host)
  const tls = url.includes('tls:') ? { tls: {} } : {}
  try {
    const connection = await connect({ servers, ...tls, reconnect: false, timeout: TIME_LIMIT_MS })
    await connection.close()
    return true
  } catch {
    return false
  }
}

/** Collects the permission violations of a connection, as `publish subject` or `subscription subject`. */
const violationsOf = (connection: NatsConnection): Set<string> => {
  const refused = new Set<string>()
  const watch = async () => {
    for await (const status of connection.status())
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        refused.add(`${status.error.operation} ${status.error.subject}`)
  }
  watch().catch(() => {})
  return refused
}

const isOfSystem = async (connection: NatsConnection): Promise<boolean> => {
  try {
    await connection.request('$SYS.REQ.SERVER.PING', '', { timeout: PING_LIMIT_MS })
    return true
  } catch {
    return false
  }
}

/**
 * Returns the excess permissions of this URL's connection, each with a remedy. Tries them on unused subjects
 * and changes nothing. Rejects with UnavailableError if NATS does not respond.
 */
export const excessPermissions = async (url: string): Promise<string[]> => {
  if (await isOpen(url))
    return [
      'NATS accepts connections without credentials, so anyone who can reach it can read and publish everything: start it with deploy/nats.conf, or with your own users',
    ]
  const connection = await connectNats(url, 'carillon check', { wait: false })
  try {
    const refused = violationsOf(connection)
    const nowhere = `carillon-check-${randomUUID()}`
    const deletion = `$JS.API.STREAM.DELETE.${nowhere}`
    connection.subscribe('>', { callback: () => {} })
    connection.publish(nowhere)
    connection.publish(deletion)
    await connection.flush()
    // The status arrives in a later turn of the event loop than the reply to the flush.
    await sleep(0)
    const found: string[] = []
    if (!refused.has('subscription >'))
      found.push(`the connection may subscribe to ">", which lets it read the messages of others: ${REMEDY}`)
    if (!refused.has(`publish ${nowhere}`)) found.push(`the connection may publish to any subject: ${REMEDY}`)
    else if (!refused.has(`publish ${deletion}`)) found.push(`the connection may delete streams: ${REMEDY}`)
    if (await isOfSystem(connection))
      found.push(
        'the connection is in the system account of NATS: use a user of the account with the streams',
      )
    return found
  } finally {
    await connection.close()
  }
}
