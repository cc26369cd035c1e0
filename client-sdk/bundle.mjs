import { build } from 'esbuild'

/** Builds the browser's file: one ES module with everything in it. Speaks only when something is wrong. */
await build({
  entryPoints: [new URL('src/index.ts', import.meta.url).pathname],
  outfile: new URL('dist/carillon.js', import.meta.url).pathname,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
})
