import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export type Packed = { name: string; filename: string; files: { path: string }[] }

/** The module that packs the packages, which Node runs without a build. */
const { pack } = (await import(new URL('../../../client-sdk/pack.mjs', import.meta.url).href)) as {
  pack(to: string): Promise<Packed[]>
}

export { pack }

/** Returns the folder of an installed package, from the point of view of a workspace. */
const folderOf = (name: string, workspace: string): string => {
  const places = [join(ROOT, workspace, 'node_modules', name), join(ROOT, 'node_modules', name)]
  const found = places.find((place) => existsSync(place))
  if (!found) throw new Error(`${name} is not installed`)
  return found
}

const link = async (dir: string, name: string, workspace: string) => {
  const place = join(dir, 'node_modules', name)
  if (existsSync(place)) return
  await mkdir(dirname(place), { recursive: true })
  await symlink(folderOf(name, workspace), place)
}

/**
 * Installs the packed packages into a folder with their dependencies, as `npm install` does, and links what else the folder
 * needs in the versions of a workspace.
 */
export const install = async (
  dir: string,
  tarballs: string,
  packed: readonly Packed[],
  others: readonly string[] = [],
  workspace = 'load-tests',
): Promise<void> => {
  for (const { name, filename } of packed) {
    const place = join(dir, 'node_modules', name)
    await mkdir(place, { recursive: true })
    await promisify(execFile)('tar', ['-xzf', join(tarballs, filename), '--strip-components=1', '-C', place])
    const { dependencies } = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    for (const dependency of Object.keys(dependencies))
      if (!packed.some((each) => each.name === dependency)) await link(dir, dependency, workspace)
  }
  for (const other of others) await link(dir, other, workspace)
}

/** Returns the version of a package that is installed in a folder. */
export const versionOf = async (dir: string, name: string): Promise<string> => {
  const manifest = await readFile(join(dir, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
