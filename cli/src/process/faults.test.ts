import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** Runs a program with `reportFaults` in its own process. Returns its output. */
const program = (source: string) =>
  run(process.execPath, ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })

const PRELUDE = `
  import { createLog } from '@carillon/core/telemetry/log'
  import { createMetrics } from '@carillon/core/telemetry/metrics'
  import { reportFaults } from './faults.ts'
  const metrics = createMetrics()
  reportFaults({ log: createLog({ level: 'error', role: 'test' }), metrics })
`

test('an unhandled rejection is logged and counted, and the process continues', async () => {
  const { stdout } = await program(`${PRELUDE}
    Promise.reject(new TypeError('of one handler'))
    setImmediate(async () => console.log(await metrics.registry.getSingleMetricAsString('carillon_faults_total')))
  `)
  expect(stdout).toContain('unhandled rejection')
  expect(stdout).toContain('of one handler')
  expect(stdout).toContain('carillon_faults_total{where="promise"} 1')
})

test('an uncaught exception ends the process', async () => {
  const ended = await program(`${PRELUDE}
    setImmediate(() => { throw new Error('of unknown state') })
    setInterval(() => {}, 1_000)
  `).catch((error: { code: number; stdout: string }) => error)
  expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('uncaught exception') })
})
