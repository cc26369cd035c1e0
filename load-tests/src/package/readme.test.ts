import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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

it('names the files of the repository when it is published, in place of links to them', () => {
  const { href } = new URL('client-sdk/published-readme.mjs', pathToFileURL(`${ROOT}/`))
  const text = `[Embedding](../docs/embedding.md#the-page) of [Carillon](../README.md), [a
    server](../examples/server), [push](#push) and [\`x.js\`](./x.js); [Badges](https://example.org/badges).
<img src="../docs/pictures/bell.png" alt="The bell">
`
  return import(href).then(({ publishedReadme }) =>
    expect(publishedReadme(text)).toBe(`Embedding (\`docs/embedding.md\`) of Carillon, a
    server (\`examples/server\`), [push](#push) and \`x.js\`; [Badges](https://example.org/badges).
`),
  )
})

it.each(shown.map((block) => [block.notRun!, block.text]))('shows %s as it is', (file, text) => {
  expect(text).toBe(readFileSync(join(ROOT, file), 'utf8'))
})
