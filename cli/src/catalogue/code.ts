import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const isUnknownExtension = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION'

/** Returns the import function of tsx, if it is installed beside the file. */
const tsxBeside = async (file: string) => {
  try {
    const path = createRequire(file).resolve('tsx/esm/api')
    const { tsImport } = (await import(pathToFileURL(path).href)) as {
      tsImport: (specifier: string, parent: string) => Promise<unknown>
    }
    return (url: string) => tsImport(url, url)
  } catch {
    return undefined
  }
}

/**
 * Runs a TypeScript module and returns its default export. Node 22.18 and later run it themselves; older ones need tsx, installed
 * beside the file. Throws what the module throws.
 */
export const runModule = async (file: string): Promise<unknown> => {
  const { href } = pathToFileURL(file)
  const load = async () => {
    try {
      return await import(href)
    } catch (error) {
      if (!isUnknownExtension(error)) throw error
      const tsx = await tsxBeside(file)
      if (tsx) return tsx(href)
      throw new Error('types in code need Node 22.18 or later, or tsx: npm install tsx', { cause: error })
    }
  }
  const { default: exported } = (await load()) as { default?: unknown }
  // A module that is loaded as CommonJS has its exports one level down.
  if (typeof exported === 'object' && exported !== null && 'default' in exported && '__esModule' in exported)
    return exported.default
  return exported
}
