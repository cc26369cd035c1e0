#!/usr/bin/env node
// A checkout runs its unbuilt sources; an installation, which lacks tsx, runs the built files.
import { existsSync } from 'node:fs'
import { register } from 'node:module'

const loader = await import('tsx/esm/api').catch(() => undefined)
const unbuilt = loader !== undefined && existsSync(new URL('../src/main.ts', import.meta.url))
const built = existsSync(new URL('../dist/main.js', import.meta.url))

if (unbuilt) {
  loader.register()
  // The same as `node --conditions=source`.
  const resolve = `export const resolve = (specifier, context, next) =>
    next(specifier, { ...context, conditions: ['source', ...context.conditions] })`
  register(`data:text/javascript,${encodeURIComponent(resolve)}`)
  // Browser files are always built.
  if (['dev', 'hub'].includes(process.argv[2])) await import('../../client-sdk/bundle.mjs')
  await import('../src/main.ts')
} else if (built) {
  await import('../dist/main.js')
} else {
  console.error('carillon: nothing is built here; run npm ci in the root of the checkout first')
  process.exit(1)
}
