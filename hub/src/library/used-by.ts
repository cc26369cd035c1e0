import type { Library, LibraryPlace } from '@carillon/core/store/ports/library'
import { layoutsOf, partialsIn, sourcesOf, templatesOf } from '@carillon/core/template/references'
import type { NotificationType } from '@carillon/schemas'

const renders = (sources: readonly string[], key: string): boolean =>
  sources.some((source) => source.includes(key) && partialsIn(source).includes(key))

/** Returns the users of a layout or partial: types in force, layouts and partials, as `type order.shipped`. */
export const usedBy = (
  { kind, key }: LibraryPlace,
  { layouts, partials }: Library,
  types: readonly NotificationType[],
): string[] => {
  if (kind === 'layout')
    return types.filter((type) => layoutsOf(type).includes(key)).map((type) => `type ${type.key}`)
  return [
    ...types.filter((type) => renders(templatesOf(type), key)).map((type) => `type ${type.key}`),
    ...[...layouts.values()]
      .filter((layout) => renders(sourcesOf(layout), key))
      .map((each) => `layout ${each.key}`),
    ...[...partials.values()]
      .filter((partial) => renders(sourcesOf(partial), key))
      .map((each) => `partial ${each.key}`),
  ]
}
