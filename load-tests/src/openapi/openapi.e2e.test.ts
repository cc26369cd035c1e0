import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Installation, request, startInstallation } from '../docs/installation.ts'
import { closed, type Document, HERE, hasPython, plain, run, runTool, withLongAddresses } from './tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'carillon-openapi-'))
const file = join(folder, 'openapi.json')
let hub: Installation
let document: Document

beforeAll(async () => {
  // redocly reports a document whose server is localhost.
  const settings = { CARILLON_PUBLIC_URL: 'https://notify.acme.test' }
  hub = await startInstallation(join(folder, 'data'), settings)
  document = await request<Document>(hub, 'GET', '/openapi.json')
  writeFileSync(file, JSON.stringify(document))
})
afterAll(async () => {
  await hub?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('the document passes the recommended rules of redocly', async () => {
  const { stdout, stderr } = await runTool('redocly', 'lint', '--extends=recommended', '--format=json', file)
  expect(JSON.parse(stdout || stderr).problems).toEqual([])
})

test('the generated TypeScript client type-checks and makes calls', async () => {
  const generated = await runTool(
    'openapi-typescript',
    file,
    '--default-non-nullable=false',
    '-o',
    join(HERE, 'client/schema.d.ts'),
  )
  expect(generated.code, generated.stderr).toBe(0)
  const checked = await run('node', ['../../../node_modules/typescript/bin/tsc', '-p', 'client'])
  expect(checked.stdout).toBe('')
  const called = await run('node', ['--import', 'tsx', 'client/calls.ts', hub.url, hub.apiKey])
  expect(called.stderr).toBe('')
  expect(JSON.parse(called.stdout)).toEqual({
    backend: {
      version: 1,
      steps: [600],
      types: ['comment.created'],
      states: expect.arrayContaining([expect.stringMatching(/^inbox /)]),
      device: 'slack',
      otp: false,
      problem: { code: 'invalid_request', at: '/to' },
    },
    user: { title: 'Hello', unseen: 0, read: true, all: 200, unread: 0, devices: ['phone', 2] },
  })
})

const python = hasPython('schemathesis') && hasPython('openapi-python-client')
const install = 'pip install schemathesis==4.32.5 openapi-python-client==0.29.1'

describe.skipIf(!python)(python ? 'with Python' : `with Python (skipped: install it with ${install})`, () => {
  test('the generated Python client has every operation and sends a notification', async () => {
    const config = join(folder, 'python.yml')
    writeFileSync(config, 'post_hooks: []\n')
    const client = join(folder, 'carillon_client')
    const generated = await run('openapi-python-client', [
      ...['generate', '--path', file, '--config', config, '--output-path', client],
      ...['--meta', 'none', '--fail-on-warning'],
    ])
    expect(generated.code, generated.stdout).toBe(0)
    const called = await run('python3', ['calls.py', hub.url, hub.apiKey], { PYTHONPATH: folder })
    expect(called.stderr).toBe('')
    expect(JSON.parse(called.stdout)).toEqual({
      after: [600],
      state: 'delivered',
      deliveries: expect.arrayContaining([expect.stringMatching(/^inbox /)]),
      title: 'Olá, 你好',
      data: { order: { number: 7, lines: [1, null, 'x'] } },
      read: 200,
      missing: 'not_found',
    })
  })

  const differences = async (described: Document, ...options: string[]) => {
    const { token } = await request<{ token: string }>(hub, 'POST', '/v1/users/schemathesis/token', {})
    const place = mkdtempSync(join(folder, 'schemathesis-'))
    writeFileSync(join(place, 'openapi.json'), JSON.stringify(described))
    const tokens = `[auth.openapi.apiKey]\nbearer = "${hub.apiKey}"\n[auth.openapi.userToken]\nbearer = "${token}"\n`
    writeFileSync(join(place, 'schemathesis.toml'), tokens)
    const { code, stdout } = await run(
      'schemathesis',
      [
        ...['run', 'openapi.json', '--url', hub.url, '--seed', '7', '--continue-on-failure', ...options],
        // On a slow machine, the health check of slow generation fails.
        ...['--suppress-health-check', 'all'],
        // The hooks contain stricter checks.
        ...['--exclude-checks', 'positive_data_acceptance,negative_data_rejection', '--warnings', 'off'],
      ],
      { SCHEMATHESIS_HOOKS: 'schemathesis_hooks', PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' },
      place,
    )
    return code === 0 ? '' : stdout
  }

  test('schemathesis finds no difference between the hub and the document', {
    timeout: 600_000,
  }, async () => {
    const options = ['--phases', 'examples,fuzzing', '-n', '8', '--generation-database', 'none']
    expect(await differences(closed(document), ...options)).toBe('')
  })

  // CloudEvents repeat the schema of a notification and would take five times as long.
  test('schemathesis finds no difference at the bounds of plain JSON', { timeout: 600_000 }, async () => {
    expect(await differences(plain(withLongAddresses(closed(document))), '--phases', 'coverage')).toBe('')
  })
})
