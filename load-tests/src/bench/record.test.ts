import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measurement } from './measure.ts'
import { openRecord } from './record.ts'

test('a record names the machine and has a row for each result so far', () => {
  const dir = mkdtempSync(join(tmpdir(), 'carillon-record-'))
  try {
    const file = join(dir, 'run.md')
    const at = new Date('2026-02-03T04:05:06Z')
    const record = openRecord(file, { at, machine: '2 × Processor', command: 'npm run bench' })
    record([measurement('single.rate', 'received/s', [4_000, 5_000, 6_000], [10_000], '≥ 0.5')])
    record([measurement('digest.close', 's', [1.5])])
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(lines).toContain('2026-02-03 04:05 UTC, `npm run bench`, on 2 × Processor.')
    expect(lines.filter((line) => line.startsWith('|'))).toEqual([
      '|  | value | unit | bare | ratio | target | spread |',
      '| --- | --: | --- | --: | --: | --- | --- |',
      '| single.rate | 5,000 | received/s | 10,000 | 0.50 | ≥ 0.5 | 4,000–6,000 |',
      '| digest.close | 1.5 | s |  |  |  |  |',
    ])
  } finally {
    rmSync(dir, { recursive: true })
  }
})
