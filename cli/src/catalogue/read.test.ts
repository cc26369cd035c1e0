import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { problemLine } from './problem.ts'
import { readCatalogue } from './read.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-catalogue-'))
})
afterEach(() => rm(dir, { recursive: true }))

const files = async (contents: Record<string, string | Uint8Array>) => {
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), content)
  }
}

const read = async () => {
  const { catalogue, problems } = await readCatalogue(dir)
  return {
    types: catalogue.get('types') ?? new Map(),
    problems: problems.map((problem) => problemLine(problem).slice(dir.length + 1)),
  }
}
const typeNamed = async (key: string) =>
  JSON.parse(JSON.stringify((await read()).types.get(key)?.value ?? null))

it('reads a type from one file, in YAML or JSON', async () => {
  await files({ 'types/a.yaml': 'content: { title: A }', 'types/b.c.json': '{"content":{"title":"B"}}' })
  expect([await typeNamed('a'), await typeNamed('b.c')]).toEqual([
    { content: { title: 'A' } },
    { content: { title: 'B' } },
  ])
})

it('puts a type together from its folder', async () => {
  await files({
    'README.md': '# Ours',
    'types/order.shipped/type.yaml': 'category: orders\nlocales: { de: { content: { title: DE } } }',
    'types/order.shipped/schema.json': '{"type":"object"}',
    'types/order.shipped/title.txt': 'Order {{ data.number }}\n',
    'types/order.shipped/email.html': '<p>\n</p>\n',
    'types/order.shipped/email.subject.txt': 'Subject\r\n',
    'types/order.shipped/sms.txt': 'SMS',
    'types/order.shipped/locales/no.yaml': 'content: { title: NO }',
    'types/order.shipped/locales/de/email.html': '<p>DE</p>',
    'types/order.shipped/locales/de/messages.yaml': 'items: "{n}"',
  })
  expect((await read()).problems).toEqual([])
  expect(await typeNamed('order.shipped')).toEqual({
    category: 'orders',
    schema: { type: 'object' },
    content: { title: 'Order {{ data.number }}' },
    channels: { email: { html: '<p>\n</p>', subject: 'Subject' }, sms: { text: 'SMS' } },
    locales: {
      no: { content: { title: 'NO' } },
      de: {
        content: { title: 'DE' },
        channels: { email: { html: '<p>DE</p>' } },
        messages: { items: '{n}' },
      },
    },
  })
})

it('reads a type from code', async () => {
  await files({
    'types/coded.ts': 'export default { content: { title: "A" as string }, plan: undefined }',
    'types/broken.ts': 'throw new Error("no luck")',
    'types/empty.ts': 'export const type = {}',
  })
  expect(await typeNamed('coded')).toEqual({ content: { title: 'A' } })
  expect((await read()).problems).toEqual([
    'types/broken.ts: no luck',
    'types/empty.ts: has no default export',
  ])
})

it('reads layouts, partials and settings; variables of the chosen environment override the common ones', async () => {
  await files({
    'layouts/brand.html': '{{ content }}',
    'layouts/brand.yaml': 'messages: { bye: Bye }',
    'layouts/brand/locales/pt.yaml': 'messages: { bye: Adeus }',
    'layouts/brand/locales/de/html.html': 'DE {{ content }}',
    'partials/footer.txt': 'Bye',
    'contexts/acme.yaml': 'name: Acme',
    'tenant.yaml': 'name: Shop',
    'env.yaml': 'SHOP: common\nHELP: common',
    'env/production.yaml': 'SHOP: production',
    'env/staging.json': '{"SHOP":"staging"}',
  })
  const resources = async (env?: string) => {
    const { catalogue, problems } = await readCatalogue(dir, { env })
    const values = [...catalogue].map(([kind, found]) => [
      kind,
      Object.fromEntries([...found].map(([key, { value }]) => [key, value])),
    ])
    return { values: JSON.parse(JSON.stringify(Object.fromEntries(values))), catalogue, problems }
  }
  const { values, catalogue } = await resources('production')
  expect(values).toEqual({
    layouts: {
      brand: {
        html: '{{ content }}',
        messages: { bye: 'Bye' },
        locales: { pt: { messages: { bye: 'Adeus' } }, de: { html: 'DE {{ content }}' } },
      },
    },
    partials: { footer: { text: 'Bye' } },
    contexts: { acme: { name: 'Acme' } },
    tenant: { '': { name: 'Shop' } },
    env: { '': { SHOP: 'production', HELP: 'common' } },
  })
  const env = catalogue.get('env')?.get('')
  const at = (pointer: string) =>
    problemLine(env?.locate(pointer, 'x') ?? { file: '', message: '' }).slice(dir.length)
  expect([at('/SHOP'), at('/HELP')]).toEqual(['/env/production.yaml:1:1: x', '/env.yaml:2:1: x'])
  expect((await resources()).values.env).toEqual({ '': { SHOP: 'common', HELP: 'common' } })
  expect((await resources('prod')).problems).toMatchObject([
    { file: join(dir, 'env'), message: 'has no file for the environment prod' },
  ])
})

it('finds the place of a problem: file, line and column', async () => {
  await files({
    'types/a/type.yaml':
      'name: A\ncontent:\n  title: T\n  body: |\n    one\n    two\nplan:\n  - channel: fax\n',
    'types/a/email.html': 'one\ntwo\n',
  })
  const type = (await read()).types.get('a')
  const at = (pointer: string, message = 'x') =>
    problemLine(type.locate(pointer, message)).slice(dir.length + 9)
  expect([
    at('/name'),
    at('/content/body', 'line 2, column 3: no'),
    at('/content/title', 'line 1, column 1: no'),
    at('/plan/0/channel'),
    at('/plan/0/nothing'),
    at('/missing'),
    at('/channels/email/html', 'line 2, column 2: no'),
    at('/channels/email/html/deeper'),
    at(''),
  ]).toEqual([
    'type.yaml:1:1: x',
    'type.yaml:6:7: no',
    'type.yaml:3:10: no',
    'type.yaml:8:5: x',
    'type.yaml:8:5: x',
    'type.yaml:1:1: x',
    'email.html:2:2: no',
    'email.html:1:1: x',
    'type.yaml:1:1: x',
  ])
})

it('reports everything that cannot be read, at once', async () => {
  await files({
    'typos/x.yaml': 'a: 1',
    'types/fine.yaml': 'name: Fine',
    'types/list.yaml': '- 1',
    'types/syntax.yaml': 'name: "x\n',
    'types/twice.yaml': 'name: A\nname: B',
    'types/number.yaml': 'sample: { id: 12345678901234567890, not: .nan }',
    'types/bytes.yaml': new Uint8Array([0x6e, 0x3a, 0xff]),
    'types/large.yaml': `name: ${'x'.repeat(1_100_000)}`,
    'types/stray.txt': 'x',
    'types/picture.png': 'x',
    'types/folder/type.yaml': 'name: A\ncontent: { title: T }',
    'types/folder/title.txt': 'T',
    'types/folder/emial.html': 'x',
    'types/folder/texts/x.yaml': 'a: 1',
  })
  const { types, problems } = await read()
  expect([...types.keys()]).toContain('fine')
  expect(problems.sort()).toEqual([
    'types/bytes.yaml: is not UTF-8',
    'types/folder/emial.html: is not part of a catalogue: no text has this name',
    'types/folder/texts: is not part of a catalogue: the only folder here is locales',
    'types/folder/title.txt: content.title is set in another file too',
    'types/large.yaml: is larger than 1048576 bytes',
    'types/list.yaml:1:1: must be a mapping of keys to values',
    'types/number.yaml:1:15: is a number that JSON cannot hold: quote it',
    'types/number.yaml:1:42: is a number that JSON cannot hold: quote it',
    'types/picture.png: is not part of a catalogue: its name has to end with .yaml or .json',
    'types/stray.txt: is not part of a catalogue: texts belong in the folder of their resource',
    expect.stringMatching(/^types\/syntax.yaml:\d+:\d+: Missing closing "quote/),
    'types/twice.yaml:2:1: Map keys must be unique',
    'typos: is not part of a catalogue: did you mean types?',
  ])
})

it('treats hostile documents as data: an alias bomb, __proto__, control characters', async () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [of, name] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [pair[0], pair[1]]))
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`)
  await files({
    'types/bomb.yaml': bomb.join('\n'),
    'types/proto.yaml': '__proto__: { polluted: true }\nconstructor: { a: 1 }',
    'types/\u001b[31m.exe': 'x',
  })
  const { types, problems } = await read()
  expect(JSON.stringify(types.get('proto').value)).toBe(
    '{"__proto__":{"polluted":true},"constructor":{"a":1}}',
  )
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  expect(problems.join('\n')).toMatch(/types\/bomb.yaml: Excessive alias count/)
  expect(problems.join('\n')).not.toContain('\u001b')
})

it('reports a folder without files, and throws if there is no folder', async () => {
  expect((await read()).problems).toEqual([expect.stringContaining('is not a catalogue: it has no files')])
  await expect(readCatalogue(join(dir, 'nothing'))).rejects.toThrow('ENOENT')
})
