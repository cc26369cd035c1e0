import { type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on standard output. Ids of messages and tenants are logged; content, addresses and secrets never are. */
export const createLog = (options: { level: string; role: string }): Log =>
  pino({
    level: options.level,
    base: { role: options.role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    redact: {
      paths: ['token', 'secret', 'authorization', '*.token', '*.secret', '*.authorization'],
      remove: true,
    },
  })
