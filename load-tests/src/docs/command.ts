/**
 * The `carillon` command of shell blocks. A long-running command is started on a free port, and stopped once it is ready.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { PROGRAM, PROGRAMS, startCarillon } from '../rig/carillon.ts'

const args = process.argv.slice(2)

if (['dev', 'hub', 'dispatcher'].includes(args[0] ?? '') && !args.includes('--help')) {
  const settings = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('CARILLON_')),
  )
  const server = await startCarillon(args, { ...settings, CARILLON_DRAIN_DELAY_SECONDS: '0' })
  process.exitCode = (await server.stop()) ?? 1
} else {
  const { status } = spawnSync(process.execPath, [...PROGRAMS[PROGRAM], ...args], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
