import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'

/** Minifies the styles of the bell, which are `css` template literals without expressions. */
export const minifyStyles = {
  name: 'minify-styles',
  setup({ onLoad }) {
    onLoad({ filter: /\/styles\/\w+\.[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const [, before, css, after] = /^(.*css`)([^`]*)(`.*)$/s.exec(source)
      const { code } = await transform(css, { loader: 'css', minify: true, target: 'chrome125' })
      return {
        contents: before + code.trim().replaceAll('\\', '\\\\') + after,
        loader: path.endsWith('ts') ? 'ts' : 'js',
      }
    })
  },
}
