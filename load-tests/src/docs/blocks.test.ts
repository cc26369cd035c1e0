import { expect, it } from 'vitest'
import { blocksOf } from './blocks.ts'

const page = (...lines: string[]) => blocksOf('a.md', lines.join('\n'))

it('finds blocks with their language, line and text', () => {
  expect(
    page('# A', '', '```sh', 'one', '', 'two', '```', 'text', '- a', '  ```json', '{}', '  ```'),
  ).toEqual([
    { name: 'a.md:3', page: 'a.md', language: 'sh', text: 'one\n\ntwo\n', exitCode: 0 },
    { name: 'a.md:10', page: 'a.md', language: 'json', text: '{}\n', exitCode: 0 },
  ])
})

it('reads the comment on the previous line', () => {
  expect(page('<!-- not run: a diagram -->', '```', 'x', '```')).toMatchObject([
    { language: '', notRun: 'a diagram' },
  ])
  expect(page('<!-- exits with 1: no server -->', '```sh', 'x', '```')).toMatchObject([{ exitCode: 1 }])
  expect(page('<!-- serves http://localhost:3000 -->', '```js', 'x', '```')).toMatchObject([
    { serves: 'http://localhost:3000' },
  ])
  expect(page('<!-- not run: far away -->', '', '```sh', 'x', '```')[0]?.notRun).toBeUndefined()
})

it.each([
  ['<!-- skip -->', '```sh', 'x', '```'],
  ['<!-- not run: -->', '```sh', 'x', '```'],
  ['```sh', 'x'],
])('rejects %j %j', (...lines) => {
  expect(() => page(...lines)).toThrow('a.md:')
})
