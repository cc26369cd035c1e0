import { rm } from 'node:fs/promises'
import { BUNDLES, writeBundle } from './bundles.mjs'

// Builds the browser files. Prints nothing unless a build fails or warns.
const dir = new URL('dist/browser/', import.meta.url).pathname
await rm(dir, { recursive: true, force: true })
await Promise.all(BUNDLES.map((file) => writeBundle(file, dir)))
