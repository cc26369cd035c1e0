import { afterEach, expect, it, vi } from 'vitest'
import { sharedName } from './name.ts'

const TOKEN = `x.${btoa(JSON.stringify({ iss: 'acme', sub: 'ada' }))}.x`
const locks = { query: async () => ({}) }
const refused = () => {
  throw new DOMException('Denied', 'SecurityError')
}

afterEach(() => void vi.unstubAllGlobals())

it('is the same for all tabs of an inbox', async () => {
  vi.stubGlobal('navigator', { locks })
  const name = await sharedName('http://hub.test', TOKEN, undefined)
  expect(name).toMatch(/^carillon-/)
  expect(await sharedName('http://hub.test', TOKEN, undefined)).toBe(name)
  expect(await sharedName('http://hub.test', TOKEN, 'site')).not.toBe(name)
})

it('does not exist where the browser refuses locks or channels, as in a sandboxed frame', async () => {
  vi.stubGlobal('navigator', { locks: { query: async () => refused() } })
  expect(await sharedName('http://hub.test', TOKEN, undefined)).toBeUndefined()
  vi.stubGlobal('navigator', { locks })
  vi.stubGlobal('BroadcastChannel', refused)
  expect(await sharedName('http://hub.test', TOKEN, undefined)).toBeUndefined()
})
