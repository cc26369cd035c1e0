import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { runCarillon, startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'

let data: string
let server: Server
let dir: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'carillon-dev-'))
  server = await startCarillon(['dev', '--no-demo'], { CARILLON_DATA_DIR: data })
})
afterAll(async () => {
  await server?.stop()
  await rm(data, { recursive: true })
})
beforeEach(async () => {
  dir = await mkdtemp(join(data, 'files-'))
  await carillon('apply', '--prune', '--yes', await folder('empty', { 'types/README.md': '' }))
})

const folder = async (name: string, contents: Record<string, string>) => {
  const root = join(dir, name)
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

const carillon = async (...args: string[]) => {
  const settings = { CARILLON_DATA_DIR: data, CARILLON_HUB_URL: server.url }
  const { code, stdout, stderr } = await runCarillon(args, settings).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
  return { code, out: stdout.trim(), err: stderr.replaceAll(`${dir}/`, '').trim().split('\n') }
}

type SenderModule = {
  createSender(hub: { url: string; key: string }): {
    send(type: string, notification: object): Promise<{ id: string }>
  }
}

const title = (text: string) => `content: { title: "${text}" }`

test('apply writes what diff shows, and nothing the second time', async () => {
  const root = await folder('one', {
    'types/a.yaml': 'content: { title: "A", url: orders/1 }',
    'types/b/type.yaml': title('B'),
    'types/b/email.html': '<p>B</p>\n<p>same</p>\n',
  })
  const before = await carillon('diff', root)
  expect([before.code, before.out]).toEqual([
    1,
    expect.stringMatching(/^added {4}types\/a\n {2}content\n {4}\+ title: A\n[\s\S]*added {4}types\/b\n/),
  ])
  expect(before.err).toEqual([
    expect.stringContaining(
      'one/types/a.yaml:1:24: warning: must be http(s), mailto, tel or a path that starts with /',
    ),
  ])
  expect(await carillon('apply', root)).toMatchObject({ code: 0, out: 'added    types/a\nadded    types/b' })
  expect(await carillon('diff', root)).toMatchObject({ code: 0, out: '' })
  expect(await carillon('apply', root)).toMatchObject({ code: 0, out: 'nothing to change' })

  await folder('one', { 'types/b/email.html': '<p>C</p>\n<p>same</p>\n' })
  expect(await carillon('diff', root)).toMatchObject({
    code: 1,
    out: 'changed  types/b\n  channels › email › html\n    - <p>B</p>\n    + <p>C</p>',
  })
})

test('prune deletes what is gone, only with --yes', async () => {
  await carillon('apply', await folder('both', { 'types/a.yaml': title('A'), 'types/b.yaml': title('B') }))
  const root = await folder('one', { 'types/a.yaml': title('A') })
  const without = await carillon('apply', root)
  expect([without.code, without.out, without.err]).toEqual([
    ...[0, 'nothing to change'],
    ['carillon: 1 resource is only on the hub; --prune deletes it: types/b'],
  ])
  expect((await carillon('apply', '--prune', root)).code).toBe(2)
  expect(await carillon('diff', root)).toMatchObject({ code: 0, out: '' })
  expect(await carillon('diff', '--prune', root)).toMatchObject({ code: 1, out: 'removed  types/b' })
  expect(await carillon('apply', '--prune', '--yes', root)).toMatchObject({
    code: 0,
    out: 'deleted  types/b',
  })
  expect((await carillon('diff', '--prune', root)).code).toBe(0)
})

test('one broken file among 40 changes nothing, and every problem is reported with its place', async () => {
  const fine = Array.from({ length: 40 }, (_, n) => [`types/t${n}.yaml`, title('Fine')])
  const root = await folder('many', {
    ...Object.fromEntries(fine),
    'types/syntax.yaml': 'content: {\n',
    'types/template/type.yaml': 'if: "data. >"',
    'types/template/title.txt': 'one\n{{ x.',
    'types/template/locales/de.yaml': 'messages:\n  items: "{n"\ncontent:\n  body: |\n    {{ dta }}',
    'types/unknown.yaml': 'content: { titel: x }',
  })
  const { code, out, err } = await carillon('apply', '--prune', '--yes', root)
  expect([code, out]).toEqual([1, ''])
  expect(err.map((line) => line.replace(/^carillon: many\/types\//, ''))).toEqual([
    expect.stringMatching(/^syntax.yaml:2:1: /),
    expect.stringMatching(
      /^template\/locales\/de.yaml:2:3: \/locales\/de\/messages\/items: is not an ICU message/,
    ),
    expect.stringMatching(
      /^template\/locales\/de.yaml:5:\d+: \/locales\/de\/content\/body: there is no variable dta/,
    ),
    expect.stringMatching(/^template\/title.txt:2:\d+: \/content\/title: /),
    expect.stringMatching(/^template\/type.yaml:1:1: \/if: character \d+/),
    expect.stringMatching(/^unknown.yaml:1:12: \/content\/titel: unknown key; did you mean title\?/),
    'carillon: 6 problems; nothing was changed',
  ])
  expect((await carillon('diff', root)).code).toBe(2)
  expect(await carillon('apply', await folder('none', { 'types/README.md': '' }))).toMatchObject({
    code: 0,
    out: 'nothing to change',
  })
})

test('a folder that is missing or has no catalogue is refused', async () => {
  expect(await carillon('apply', join(dir, 'nothing'))).toMatchObject({ code: 2 })
  const { code, err } = await carillon(
    'apply',
    '--prune',
    '--yes',
    await folder('typo', { 'type/a.yaml': '' }),
  )
  expect([code, err[0]]).toEqual([1, expect.stringContaining('did you mean types?')])
})

test('layouts, partials and variables are written before the types that use them, and deleted after them', async () => {
  const root = await folder('shop', {
    'env.yaml': 'SHOP: https://dev.example',
    'env/production.yaml': 'SHOP: https://shop.example',
    'partials/bye.html': "<p>{% render 'shop' %}</p>",
    'partials/shop.html': '<a href="{{ env.SHOP }}">Shop</a>',
    'layouts/brand.html': '{{ content }}{% render \'bye\' %}<a href="{{ unsubscribe_url }}">x</a>',
    'types/a/type.yaml': `${title('A')}\nchannels: { email: { layout: brand } }`,
    'types/a/email.html': '<p>Hello</p>',
  })
  const applied = await carillon('apply', root, '--env', 'production')
  expect(applied.out.split('\n').map((line) => line.split(/ +/)[1])).toEqual([
    ...['env', 'partials/shop', 'partials/bye', 'layouts/brand', 'types/a'],
  ])
  expect((await carillon('diff', root, '--env', 'production')).code).toBe(0)
  expect((await carillon('diff', root)).out).toBe(
    'changed  env\n  SHOP\n    - https://shop.example\n    + https://dev.example',
  )
  const html = join(dir, 'mail.html')
  expect((await carillon('preview', 'a', '--html', html)).code).toBe(0)
  expect(await readFile(html, 'utf8')).toMatch(/<p>Hello<\/p>[\s\S]*href="https:\/\/shop.example"/)

  const broken = await folder('broken', {
    'types/a.yaml': 'channels: { email: { layout: no } }',
    'layouts/x.html': 'x',
  })
  expect((await carillon('apply', broken)).err).toEqual([
    expect.stringContaining('broken/layouts/x.html:1:1: /html: has no {{ content }}'),
    expect.stringContaining('broken/types/a.yaml:1:22: /channels/email/layout: there is no layout no'),
    'carillon: 2 problems; nothing was changed',
  ])
  expect((await carillon('apply', root, '--env', 'no')).err[0]).toContain('no file for the environment no')
  const none = await folder('none', {
    'types/README.md': '',
    'layouts/README.md': '',
    'partials/README.md': '',
  })
  const pruned = await carillon('apply', '--prune', '--yes', none)
  expect(pruned.out.split('\n').map((line) => line.split(/ +/)[1])).toEqual([
    ...['types/a', 'layouts/brand', 'partials/bye', 'partials/shop'],
  ])
})

test('preview prints every channel of a version, a draft or an unsaved type; html writes the e-mail', async () => {
  const type = (text: string) => ({
    'types/previewed.yaml': `sample: { n: 7 }
content: { title: "${text} {{ data.n }}", body: "{{ user.name }}" }
channels: { sms: { text: "SMS {{ data.n }}" }, email: { html: "<p>${text}</p>" } }
locales: { pt: { content: { title: Olá } } }`,
    'data.md': '',
  })
  await carillon('apply', await folder('old', type('Old')))
  await carillon('apply', await folder('new', type('New')))
  const root = await folder('unsaved', type('Unsaved'))

  const stored = await carillon('preview', 'previewed')
  expect(stored.out).toMatch(
    /^en, UTC\n\ninbox, push, .*\n {2}New 7\n\nemail\n {2}New 7\n\n {2}New\n[\s\S]*\n\nsms\n {2}SMS 7\n/,
  )
  expect(stored.out).toContain('missing\n  inbox /content/body line 1: user.name has no value\n')
  expect((await carillon('preview', 'previewed', '--version', '1')).out).toContain('Old 7')

  await writeFile(join(dir, 'data.yaml'), 'n: 8')
  const html = join(dir, 'mail.html')
  const all = await carillon(
    ...[
      'preview',
      'previewed',
      '--dir',
      root,
      '--locale',
      '*',
      '--sample',
      join(dir, 'data.yaml'),
      '--html',
      html,
    ],
  )
  expect([all.out.includes('Unsaved 8'), all.out.includes('\n\n\npt, UTC\n\ninbox, push,')]).toEqual([
    true,
    true,
  ])
  expect(await readFile(join(dir, 'mail.en.html'), 'utf8')).toContain('<p>Unsaved</p>')
  expect(await readFile(join(dir, 'mail.pt.html'), 'utf8')).toContain('lang="pt"')

  expect((await carillon('preview', 'previewed', '--draft')).err.join()).toContain('404')
  expect((await carillon('preview', 'nothing')).code).toBe(2)
  expect((await carillon('preview', 'nothing', '--dir', root)).code).toBe(2)
})

test('types writes senders, from a directory or from the hub', async () => {
  const root = await folder('one', {
    'types/a.yaml': 'name: A\nschema: { type: object, properties: { n: { type: number } } }',
  })
  const local = await carillon('types', root)
  expect(local.out).toContain('  /** A */\n  "a": {\n    n?: number\n  }\n')
  await carillon('apply', root)
  const out = join(dir, 'new', 'senders.ts')
  expect((await carillon('types', '--out', out)).code).toBe(0)
  expect((await readFile(out, 'utf8')).trim()).toBe(local.out)

  const { apiKey } = JSON.parse(await readFile(join(data, 'dev.json'), 'utf8')) as { apiKey: string }
  const { createSender } = (await import(out)) as SenderModule
  const { send } = createSender({ url: server.url, key: apiKey })
  expect(await send('a', { to: 'ada', data: { n: 7 } })).toMatchObject({ id: expect.any(String) })
  await expect(send('a', { to: 'ada', data: { n: 'seven' } })).rejects.toMatchObject({
    ...{ status: 422, message: expect.stringContaining('/data/n') },
    problem: { code: 'invalid_request' },
  })
  const unwritable = await carillon('types', root, '--out', join(out, 'x.ts'))
  expect([unwritable.code, unwritable.err[0]]).toEqual([2, expect.stringContaining('cannot be written')])
  await folder('one', { 'types/b.yaml': '- 1' })
  expect((await carillon('types', root)).code).toBe(2)
})
