#!/usr/bin/env node
import { defineCommand, runMain } from 'citty'
import { check } from './commands/check.ts'
import { dev } from './commands/dev.ts'
import { dispatcher } from './commands/dispatcher.ts'
import { hub } from './commands/hub.ts'
import { migrate } from './commands/migrate.ts'
import { send } from './commands/send.ts'
import { tenant } from './commands/tenant.ts'
import { token } from './commands/token.ts'

await runMain(
  defineCommand({
    meta: { name: 'carillon', description: 'Self-hosted, real-time notifications' },
    subCommands: { dev, hub, dispatcher, migrate, check, tenant, token, send },
  }),
)
