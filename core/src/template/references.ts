import type { TemplatePartial } from '@carillon/schemas'
import { analyze } from './analysis.ts'
import { allLanguages, groupTemplateOf, type Templated } from './languages.ts'

/** Returns the templates of a partial, in all languages. */
export const sourcesOf = ({ text, html, locales = {} }: Omit<TemplatePartial, 'key' | 'version'>): string[] =>
  [{ text, html }, ...Object.values(locales)]
    .flatMap(({ text, html }) => [text, html])
    .filter((source) => source !== undefined)

/** Returns the keys of the partials that a template renders itself. */
export const partialsIn = (source: string): string[] => {
  try {
    return analyze(source).partials.map(({ name }) => name)
  } catch {
    // A template that does not parse renders nothing.
    return []
  }
}

/** Returns the keys of the partials that templates render, and of those within them. */
export const partialsWithin = (
  sources: readonly string[],
  partials: ReadonlyMap<string, TemplatePartial>,
): Set<string> => {
  const found = new Set<string>()
  const visit = (source: string) => {
    for (const key of partialsIn(source)) {
      if (found.has(key)) continue
      found.add(key)
      const partial = partials.get(key)
      if (partial) sourcesOf(partial).forEach(visit)
    }
  }
  sources.forEach(visit)
  return found
}

/** Returns templates together with those of every partial that they render, in all languages. */
export const withPartials = (
  sources: readonly string[],
  partials: ReadonlyMap<string, TemplatePartial>,
): string[] => {
  const found = [...partialsWithin(sources, partials)].flatMap((key) => partials.get(key) ?? [])
  return [...sources, ...found.flatMap(sourcesOf)]
}

/** Returns every template of a type and its variants: of group, content, links and channels, in all languages. */
export const templatesOf = (type: Templated): string[] => {
  const group = groupTemplateOf(type)
  const texts = allLanguages(type).flatMap(({ content, channels }) => {
    const { actions = [], ...texts } = content ?? {}
    return [
      ...Object.values(texts),
      ...actions.flatMap(({ label, url }) => [label, url]),
      ...Object.values(channels ?? {}).flatMap((templates) =>
        Object.entries<string | undefined>(templates ?? {}).map(([field, source]) =>
          field === 'layout' ? undefined : source,
        ),
      ),
    ].filter((source) => source !== undefined)
  })
  return group ? [group.source, ...texts] : texts
}

/** Returns the layouts that a type and its variants name. */
export const layoutsOf = (type: Templated): string[] => [
  ...new Set(allLanguages(type).flatMap(({ channels }) => channels?.email?.layout ?? [])),
]

/** Reports whether the texts of a type may depend on the library. Most do not, which saves looking it up. */
export const needsLibrary = (type: Templated): boolean =>
  layoutsOf(type).length > 0 || templatesOf(type).some((source) => /\{%-?\s*render\b|\benv\b/.test(source))
