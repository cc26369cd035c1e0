import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { devState, openDevState } from './dev-state.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-dev-state-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

describe('the secret of carillon dev', () => {
  it('is generated once and kept', () => {
    const { secret } = openDevState(undefined, devState(folder))
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
    expect(openDevState(undefined, devState(folder)).secret).toBe(secret)
    expect(devState(folder).read()).toEqual({ secret })
  })

  it('is CARILLON_SECRET if that is set, and no other one is stored', () => {
    const kept = devState(folder)
    const { secret, state } = openDevState('from-the-environment', kept)
    expect([secret, state]).toEqual(['from-the-environment', {}])
    expect(existsSync(join(folder, 'dev.json'))).toBe(false)
    kept.write({ ...state, apiKey: 'key' })
    expect(kept.read()).toEqual({ apiKey: 'key' })
  })

  it('is not replaced if the data was created with CARILLON_SECRET', () => {
    const kept = devState(folder)
    kept.write({ apiKey: 'key' })
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`)
    })
    expect(() => openDevState(undefined, kept)).toThrow('exit 2')
    expect(stderr.mock.calls.join()).toContain('CARILLON_SECRET is not set')
    expect(kept.read()).toEqual({ apiKey: 'key' })
  })

  it('is new for a run in memory', () => {
    expect(openDevState(undefined, undefined).secret).not.toBe(openDevState(undefined, undefined).secret)
  })
})
