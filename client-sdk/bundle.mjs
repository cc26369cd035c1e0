import { build } from 'esbuild'
import { minifyStyles } from './minify-styles.mjs'
import { websocketOnly } from './websocket-only.mjs'

/**
 * Builds the browser files, each self-contained: the client and web push as ES modules, and the service worker of web
 * push as a classic script. Prints nothing unless the build fails or warns.
 */
const bundle = (entry, name, format) =>
  build({
    entryPoints: [new URL(entry, import.meta.url).pathname],
    outfile: new URL(`dist/browser/${name}.js`, import.meta.url).pathname,
    bundle: true,
    minify: true,
    format,
    platform: 'browser',
    plugins: [websocketOnly, minifyStyles],
    // `source`: a fresh clone has no dist yet.
    conditions: ['source', 'module'],
    target: 'es2022',
    sourcemap: true,
    logLevel: 'warning',
  })

await Promise.all([
  bundle('src/index.ts', 'client', 'esm'),
  bundle('src/bell/define.ts', 'bell', 'esm'),
  bundle('src/push/push.ts', 'push', 'esm'),
  bundle('worker/push-worker.ts', 'push-worker', 'iife'),
])
