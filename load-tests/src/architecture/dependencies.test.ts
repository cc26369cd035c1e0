import { readdirSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import jsTokens from 'js-tokens'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Allowed imports: cli → hub, dispatcher → core → schemas ← client-sdk. Tests follow them too, except
 * load-tests.
 */
const ALLOWED: Record<string, readonly string[]> = {
  schemas: [],
  core: ['schemas'],
  hub: ['core', 'schemas'],
  dispatcher: ['core', 'schemas'],
  // The hub's command serves the built files of the client SDK.
  cli: ['hub', 'dispatcher', 'core', 'schemas', 'client/browser/client'],
  'client-sdk': ['schemas'],
}

type Import = { file: string; workspace: string; specifier: string }

/** Returns every module specifier of a file: static and dynamic imports, re-exports and `import.meta.resolve`. */
const specifiersOf = (text: string): string[] => {
  const tokens = [...jsTokens(text)].filter(
    ({ type }) =>
      !['WhiteSpace', 'LineTerminatorSequence', 'SingleLineComment', 'MultiLineComment'].includes(type),
  )
  return tokens.flatMap(({ type, value }, index) => {
    if (type !== 'StringLiteral') return []
    const before = tokens[index - 1]?.value
    const imported =
      before === 'from' ||
      before === 'import' ||
      (before === '(' && ['import', 'resolve'].includes(tokens[index - 2]?.value ?? ''))
    return imported ? [value.slice(1, -1)] : []
  })
}

const importsOf = (workspace: string): Import[] =>
  readdirSync(join(ROOT, workspace), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(src|worker)\/.*\.(ts|js)$/.test(file))
    .flatMap((file) => {
      const path = join(workspace, file)
      return specifiersOf(readFileSync(join(ROOT, path), 'utf8')).map((specifier) => ({
        file: path,
        workspace,
        specifier,
      }))
    })

const imports = [...Object.keys(ALLOWED), 'load-tests'].flatMap(importsOf)
const packageOf = (specifier: string) => /^@carillon\/(.+)$/.exec(specifier)?.[1]

test('imports follow the allowed directions', () => {
  expect(imports.length).toBeGreaterThan(1_000)
  const wrong = imports.flatMap(({ file, workspace, specifier }) => {
    const target = packageOf(specifier)
    const allowed = ALLOWED[workspace]
    if (target === undefined || allowed === undefined) return []
    const isAllowed = allowed.some((name) => target === name || target.startsWith(`${name}/`))
    return isAllowed ? [] : [`${file} imports ${specifier}`]
  })
  expect(wrong).toEqual([])
})

test('relative imports stay within their workspace', () => {
  const wrong = imports.flatMap(({ file, workspace, specifier }) =>
    specifier.startsWith('.') && !normalize(join(file, '..', specifier)).startsWith(`${workspace}/`)
      ? [`${file} imports ${specifier}`]
      : [],
  )
  expect(wrong).toEqual([])
})

/**
 * The folders of the dispatcher, each with those that it may import. A notification goes intake → plan →
 * inbox → sending, with digests before what is sent. Each stage may use what earlier stages produce, but not later stages. `pipeline.ts`
 * connects them.
 */
const DISPATCHER: Record<string, readonly string[]> = {
  intake: [],
  plan: ['intake'],
  items: [],
  inbox: ['intake', 'plan', 'items', 'telemetry'],
  digests: ['consumer'],
  sending: ['inbox', 'digests', 'consumer', 'reports', 'channels', 'telemetry'],
  schedules: ['consumer'],
  reports: ['consumer'],
  consumer: [],
  channels: [],
  telemetry: [],
}

test('each folder of the dispatcher imports only from earlier stages', () => {
  const folderOf = (path: string) => /^dispatcher\/src\/([^/]+)\//.exec(path)?.[1]
  const folders = new Set<string>()
  const wrong = imports.flatMap(({ file, workspace, specifier }) => {
    const folder = folderOf(file)
    if (workspace !== 'dispatcher' || folder === undefined || /\.test\.ts$|\/testing\//.test(file)) return []
    folders.add(folder)
    if (!specifier.startsWith('.')) return []
    const target = folderOf(normalize(join(file, '..', specifier)))
    const isAllowed = target === folder || (target !== undefined && DISPATCHER[folder]?.includes(target))
    return isAllowed ? [] : [`${file} imports ${specifier}`]
  })
  expect(wrong).toEqual([])
  expect([...folders].sort()).toEqual(Object.keys(DISPATCHER).sort())
})

describe.each(['core', 'hub', 'dispatcher', 'cli'])('the exports of %s/package.json', (workspace) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as {
    exports: Record<string, { source?: string; default?: string }>
  }
  const subpaths = Object.keys(manifest.exports)

  test('list every file that another workspace imports, sorted', () => {
    const imported = imports.flatMap(({ workspace: importer, specifier }) => {
      const target = packageOf(specifier)
      return importer !== workspace && target?.startsWith(`${workspace}/`)
        ? [`.${target.slice(workspace.length)}`]
        : []
    })
    expect(subpaths).toEqual([...new Set(imported)].sort())
  })

  test('do not include built files for test support', () => {
    for (const subpath of subpaths) {
      const name = subpath.slice(2)
      const isSupport = /(^|\/)(testing|contract)\//.test(name)
      expect(manifest.exports[subpath]).toEqual({
        source: `./src/${name}.ts`,
        ...(!isSupport && { default: `./dist/${name}.js` }),
      })
    }
  })
})
