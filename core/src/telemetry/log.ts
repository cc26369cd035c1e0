import { type Logger, pino } from 'pino'
import { reasonOf, UnavailableError } from '../errors.ts'

export type Log = Logger

/** Serializes UnavailableError without its stack, because it is frequent and the stack does not help. */
const serializeError = (error: Error) =>
  error instanceof UnavailableError
    ? { type: error.name, message: reasonOf(error) }
    : pino.stdSerializers.err(error)

/** Creates a log of JSON lines on stdout. Ids of messages and tenants are logged; content, addresses and secrets never. */
export const createLog = (options: { level: string; role: string }): Log =>
  pino({
    level: options.level,
    base: { role: options.role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: serializeError },
    formatters: { level: (level) => ({ level }) },
    redact: {
      paths: ['token', 'secret', 'authorization', '*.token', '*.secret', '*.authorization'],
      remove: true,
    },
  })
