import { rolldown } from 'rolldown'
import { minifyStyles } from './minify-styles.mjs'
import { minifyTemplates } from './minify-templates.mjs'
import { socketIoSubset } from './socket-io-subset.mjs'

const SOCKET_IO = '/*! Socket.IO, (c) 2014-present Guillermo Rauch and contributors, MIT License */'
const LIT = '/*! Lit, (c) 2017 Google LLC, BSD-3-Clause License */'

/** The browser files: the client, the bell and web push as ES modules, and the service worker of web push as a classic script. */
export const BUNDLES = [
  { name: 'client', entry: 'src/index.ts', format: 'esm', banner: SOCKET_IO },
  { name: 'bell', entry: 'src/bell/define.ts', format: 'esm', banner: `${SOCKET_IO}\n${LIT}` },
  { name: 'push', entry: 'src/push/push.ts', format: 'esm' },
  { name: 'push-worker', entry: 'src/sw/define.ts', format: 'iife' },
  // Bundlers of apps use it in place of socket-io.ts (`browser` in package.json).
  { name: 'socket-io', entry: 'src/live/socket-io.ts', format: 'esm', banner: SOCKET_IO },
]

const input = ({ name, entry, external = [] }) => ({
  input: { [name]: new URL(entry, import.meta.url).pathname },
  external,
  platform: 'browser',
  // `source`: a fresh clone has no dist yet.
  resolve: { conditionNames: ['source', 'module', 'browser', 'import', 'default'] },
  // The entry contains the modules that it shares with its chunks, so a page loads one file until it needs a chunk.
  preserveEntrySignatures: 'allow-extension',
  plugins: [socketIoSubset, minifyStyles, minifyTemplates],
  logLevel: 'warn',
  // `'use client'` is for servers.
  checks: { moduleLevelDirective: false },
})

/**
 * An entry is self-contained, except for the chunks of its dynamic imports. The name of a chunk has the hash of its content,
 * so that a page never mixes two versions.
 */
const output = ({ format, banner }) => ({
  format,
  // The banner has the licenses.
  comments: false,
  postBanner: ({ isEntry }) => (isEntry && banner) || '',
  minify: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
})

const building = async (file, use) => {
  const build = await rolldown(input(file))
  try {
    return await use(build)
  } finally {
    await build.close()
  }
}

/** Builds a browser file. Resolves with its chunks, each with its sources. */
export const bundle = async (file) => (await building(file, (build) => build.generate(output(file)))).output

/** Builds a browser file and writes it and its chunks to `dir`. */
export const writeBundle = (file, dir) =>
  building(file, (build) => build.write({ ...output(file), dir, sourcemap: true }))
