import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { ProblemError } from '../../errors.ts'
import { TIME_LIMIT_MS, translateError } from '../../nats/connection.ts'
import { type Names, namesOf } from './names.ts'
import { requireOwnStreams } from './ownership.ts'
import { notifySources } from './streams.ts'

/** First version with message schedules. */
const NEEDED = { major: 2, minor: 12 }
/** A stream counts as full if a notification of maximum size does not fit. */
const ROOM_BYTES = 65_536
const STREAM_NOT_FOUND = 10059

/** Throws if the server is too old. */
export const requireVersion = ({ info }: NatsConnection): void => {
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number)
  if (major < NEEDED.major || (major === NEEDED.major && minor < NEEDED.minor))
    throw new Error(
      `nats-server ${info?.version} is too old: Carillon needs ${NEEDED.major}.${NEEDED.minor} or newer, which has message schedules`,
    )
}

/** Returns the names of the streams without which nothing can be accepted or delivered. */
export const checkedStreams = (names: Names): string[] => [
  ...notifySources(names).map(({ stream }) => stream),
  names.stream('WORK'),
]

/** Throws `stream_full` if one of the streams is full. */
export const requireRoom = (infos: readonly StreamInfo[]): void => {
  for (const { config, state } of infos)
    if (config.max_bytes > 0 && state.bytes > config.max_bytes - ROOM_BYTES)
      throw new ProblemError('stream_full', `the stream ${config.name} is full`)
}

const find = async (manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> => {
  try {
    return await manager.streams.info(stream)
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined
    throw error
  }
}

/**
 * Checks the streams of an installation and returns the names of missing ones. Read-only. Throws if the
 * server is too old, SetupError if a subject belongs to a stream of another installation, layout or program,
 * `stream_full` if a stream is full, and UnavailableError if JetStream does not respond.
 */
export const inspectStreams = async ({
  connection,
  namespace,
  ownStreams,
}: {
  connection: NatsConnection
  namespace: string
  ownStreams?: readonly string[]
}): Promise<string[]> => {
  requireVersion(connection)
  const names = namesOf(namespace, ownStreams)
  try {
    const manager = await jetstreamManager(connection, { timeout: TIME_LIMIT_MS, checkAPI: false })
    await requireOwnStreams(manager, names)
    const streams = checkedStreams(names)
    const infos = await Promise.all(streams.map((stream) => find(manager, stream)))
    requireRoom(infos.filter((info) => info !== undefined))
    return streams.filter((_, index) => infos[index] === undefined)
  } catch (error) {
    throw translateError(error)
  }
}
