/**
 * What the global setup (load-tests/src/rig/vitest.ts) provides to test files through vitest's `inject`. Packages
 * other than core see the types after `import type {} from '@carillon/core/testing/provided'`.
 * @module
 */
import type {} from 'vitest'

/** A tool that is missing, why, and how to install it. */
export type SkippedPart = { part: string; reason: string; remedy: string }

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of a nats-server (2.12 or newer). Test files start their own. */
    natsServer: string | undefined
    /** Path of a redis-server (7 or newer). Test files start their own. */
    redisServer: string | undefined
    /** Path of a Chromium for playwright-core's `executablePath`. */
    chromium: string | undefined
    /** Path of a Caddy (2.6 or newer), the proxy of docker-compose.yml. */
    caddy: string | undefined
    /**
     * `cassandra://host:port/keyspace?dc=…` of a running server. The keyspace belongs to this run and does
     * not exist yet. It is dropped at the end of the run, with every keyspace whose name starts with its
     * name.
     */
    cassandra: string | undefined
    /** The missing tools. */
    skipped: SkippedPart[]
  }
}
