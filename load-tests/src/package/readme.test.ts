import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { blocksOf } from '../docs/blocks.ts'
import { ROOT } from './install.ts'

const PAGE = 'client-sdk/README.md'

const shown = blocksOf(PAGE, readFileSync(join(ROOT, PAGE), 'utf8')).filter(({ notRun }) =>
  notRun?.startsWith('examples/'),
)

it('shows the React, Vue and Svelte examples', () => {
  expect(shown.map(({ language }) => language)).toEqual(['jsx', 'vue', 'svelte'])
})

it.each(shown.map((block) => [block.notRun!, block.text]))('shows %s as it is', (file, text) => {
  expect(text).toBe(readFileSync(join(ROOT, file), 'utf8'))
})
