import type { CategoryDefinition } from '@carillon/schemas'
import { generalizations } from './locale-chain.ts'

type Words = { name?: string; description?: string }

/** Returns the name and description of a category in the closest language that has each of them. */
export const categoryWords = (
  category: Pick<CategoryDefinition, 'name' | 'description' | 'locales'>,
  locale: string | undefined,
): Words => {
  const { locales = {}, name, description } = category
  const chain = locale === undefined ? [] : generalizations(locale)
  const translated = chain.flatMap((each) => (Object.hasOwn(locales, each) ? [locales[each]] : []))
  const words: Words = {}
  for (const each of [...translated, { name, description }]) {
    if (each?.name !== undefined) words.name ??= each.name
    if (each?.description !== undefined) words.description ??= each.description
  }
  return words
}
