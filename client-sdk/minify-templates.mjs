/**
 * A plugin that removes indentation from the templates of the bell, in which all whitespace is equivalent. Line breaks stay, so
 * that line numbers do not change.
 */
export const minifyTemplates = {
  name: 'minify-templates',
  transform: {
    filter: { id: /\/bell\/.*\.[jt]s$/, code: /html`/ },
    handler: (source) => ({ code: source.replaceAll(/\n[ \t]+/g, '\n'), map: null }),
  },
}
