#!/usr/bin/env node
import { defineCommand, runMain } from 'citty'

/** Each is loaded when it is called: a short command does not wait for what a server needs. */
await runMain(
  defineCommand({
    meta: { name: 'carillon', description: 'Self-hosted, real-time notifications' },
    subCommands: {
      dev: async () => (await import('./commands/dev.ts')).dev,
      hub: async () => (await import('./commands/hub.ts')).hub,
      dispatcher: async () => (await import('./commands/dispatcher.ts')).dispatcher,
      migrate: async () => (await import('./commands/migrate.ts')).migrate,
      check: async () => (await import('./commands/check.ts')).check,
      tenant: async () => (await import('./commands/tenant.ts')).tenant,
      token: async () => (await import('./commands/token.ts')).token,
      send: async () => (await import('./commands/send.ts')).send,
    },
  }),
)
