import { afterEach, expect, it, vi } from 'vitest'
import type { Change } from './check.ts'
import { onlyOnHub, reportProblems } from './report.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const removed = (key: string): Change => ({ pointer: `/types/${key}`, change: 'removed', differences: [] })

it('names what is only on the hub in one line', () => {
  expect(onlyOnHub([removed('a')])).toBe('1 resource is only on the hub; --prune deletes it: types/a')
  expect(onlyOnHub([removed('a'), removed('b')])).toBe(
    '2 resources are only on the hub; --prune deletes them: types/a, types/b',
  )
  const many = onlyOnHub(Array.from({ length: 25 }, (_, n) => removed(`t${n}`)))
  expect(many).toMatch(
    /^25 resources .*: types\/t0, .*, types\/t19 and 5 more, which carillon diff --prune lists$/,
  )
})

it('prints a problem with its place in the file and in the resource', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const at = { file: 'types/a.yaml', line: 1, column: 12 }
  const message = 'unknown key; did you mean title?'
  reportProblems([{ ...at, pointer: '/content/titel', message }])
  reportProblems([{ ...at, pointer: '', message: 'is missing' }])
  expect(write.mock.calls.map(([text]) => text)).toEqual([
    'carillon: types/a.yaml:1:12: /content/titel: unknown key; did you mean title?\n',
    'carillon: 1 problem; nothing was changed\n',
    'carillon: types/a.yaml:1:12: is missing\n',
    'carillon: 1 problem; nothing was changed\n',
  ])
})
