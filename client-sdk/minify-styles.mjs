import { transform } from 'lightningcss'

/** A plugin that minifies the styles of the bell, which are `css` template literals without expressions. */
export const minifyStyles = {
  name: 'minify-styles',
  transform: {
    filter: { id: /\/styles\/\w+\.[jt]s$/ },
    handler(source, filename) {
      const [, before, css, after] = /^(.*css`)([^`]*)(`.*)$/s.exec(source)
      const { code } = transform({ filename, code: Buffer.from(css), minify: true })
      return { code: before + code.toString().replaceAll('\\', '\\\\') + after, map: null }
    },
  },
}
