import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub } from './testing/hub.ts'

const run = promisify(execFile)
const page = readFileSync(new URL('../../docs/tokens.md', import.meta.url), 'utf8')
const python = spawnSync('python3', ['--version']).status === 0

const example = (language: string): string =>
  page.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? expect.fail(`there is no example in ${language}`)

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

/**
 * Runs a program from docs/tokens.md as a tenant's backend, and reads the inbox with the token that it
 * prints.
 */
const readInbox = async (command: string, ...args: string[]) => {
  const tenant = await test.tenant()
  const item = await tenant.item('ada')
  const secret = (await test.ports.store.tenants.get(tenant.id))?.secrets[0]?.secret ?? ''
  const env = { PATH: process.env.PATH, TENANT: tenant.id, TENANT_SECRET: secret }
  const { stdout } = await run(command, args, { env })
  const inbox = await test.call('GET', '/v1/inbox', { token: stdout.trim() })
  expect(inbox.json, stdout).toMatchObject({ items: [{ id: item.id }] })
}

describe('docs/tokens.md', () => {
  it('contains a JavaScript program that signs a valid token', async () => {
    await readInbox(process.execPath, '--input-type=module', '--eval', example('js'))
  })

  it.skipIf(!python)(
    `contains a Python program that signs a valid token${python ? '' : ' (skipped: no python3)'}`,
    async () => {
      await readInbox('python3', '-c', example('python'))
    },
  )
})
