/**
 * What the test harness (load-tests/src/rig/vitest.ts) hands to test files through vitest's `inject`. Packages
 * other than core see the types after `import type {} from '@carillon/core/provided'`.
 * @module
 */
import type {} from 'vitest'

/** A real part that this run does without: why, and what would bring it in. */
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
     * `cassandra://host:port/keyspace?dc=…` of a running server. The keyspace is this run's own and not created yet;
     * it goes at the end of the run, as does every other one whose name begins with its name.
     */
    cassandra: string | undefined
    /** Parts that are not there. Empty when everything is real. */
    skipped: SkippedPart[]
  }
}
