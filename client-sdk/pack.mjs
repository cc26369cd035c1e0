import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { publishedReadme } from './published-readme.mjs'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The published workspaces, each with the folders of `dist` that `tsc` does not write. */
const PACKAGES = [
  { workspace: 'schemas', bundles: [] },
  { workspace: 'client-sdk', bundles: ['browser'] },
]

/** Fields of a manifest that concern only this repository. */
const OWN = ['private', 'scripts', 'devDependencies']

const withoutSource = (target) => {
  if (typeof target === 'string') return target
  const { source, ...conditions } = target
  return conditions
}

/** Widens an exact version to a range, so that an app can share its own compatible version with the package. */
const compatible = ([name, version]) => [name, name.startsWith('@carillon/') ? version : `^${version}`]

/** Returns the manifest as it is published: other repositories may use a `source` condition of their own. */
const published = (manifest) => {
  const kept = Object.entries(manifest).filter(([field]) => !OWN.includes(field))
  const exports = Object.entries(manifest.exports).map(([path, target]) => [path, withoutSource(target)])
  return {
    ...Object.fromEntries(kept),
    ...(Array.isArray(manifest.sideEffects) && {
      sideEffects: manifest.sideEffects.filter((path) => path.startsWith('./dist/')),
    }),
    exports: { ...Object.fromEntries(exports), './package.json': './package.json' },
    dependencies: Object.fromEntries(Object.entries(manifest.dependencies).map(compatible)),
    files: ['dist'],
  }
}

/** Copies the files that were built from the sources. `dist` may also have files of sources that no longer exist. */
const copyBuilt = async (from, to) => {
  const files = await readdir(join(from, 'src'), { recursive: true })
  const names = files
    .filter((file) => /\.ts$/.test(file) && !/\.test\.ts$|(^|\/)(testing|contract)\//.test(file))
    .map((file) => join('dist', file.replace(/\.ts$/, '')))
  await Promise.all(
    names.flatMap((name) =>
      ['.js', '.js.map', '.d.ts'].map((end) => cp(join(from, name + end), join(to, name + end))),
    ),
  )
}

/** Writes the tarballs of the published packages to a folder, from the output of `npm run build`. Returns their paths. */
export const pack = async (to) => {
  await mkdir(to, { recursive: true })
  const stage = await mkdtemp(join(tmpdir(), 'carillon-pack-'))
  try {
    for (const { workspace, bundles } of PACKAGES) {
      const from = join(ROOT, workspace)
      const dir = join(stage, workspace)
      const manifest = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'))
      await copyBuilt(from, dir)
      for (const folder of bundles)
        await cp(join(from, 'dist', folder), join(dir, 'dist', folder), { recursive: true })
      await writeFile(join(dir, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
      const readme = await readFile(join(from, 'README.md'), 'utf8')
      await writeFile(join(dir, 'README.md'), publishedReadme(readme))
      await cp(join(ROOT, 'LICENSE'), join(dir, 'LICENSE'))
    }
    const dirs = PACKAGES.map(({ workspace }) => join(stage, workspace))
    const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', to, ...dirs])
    return JSON.parse(stdout)
  } finally {
    await rm(stage, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await pack(process.argv[2] ?? 'dist')
