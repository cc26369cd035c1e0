/**
 * A plugin that removes indentation from the templates of the bell, where a line break is the same as any other space. Line
 * breaks stay, so that lines keep their numbers.
 */
export const minifyTemplates = {
  name: 'minify-templates',
  transform: {
    filter: { id: /\/bell\/.*\.[jt]s$/, code: /html`/ },
    handler: (source) => ({ code: source.replaceAll(/\n[ \t]+/g, '\n'), map: null }),
  },
}
