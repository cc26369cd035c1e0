import type { ItemContent } from '@carillon/schemas'
import { filled, type Inline } from '../template/filled.ts'
import type { Scope } from '../template/scope.ts'
import type { TemplateFault, Texts, TypeTemplates, Viewer } from '../template/type-templates.ts'
import { markedTitle } from './test-mark.ts'

/** The input of an item's texts. `name`: the name of its type. */
export type ItemParts = {
  templates: TypeTemplates
  scope: Scope
  viewer: Viewer
  name: string | undefined
  test?: boolean | undefined
}

/**
 * Renders the texts and the group of an inbox item over the content of its notification. A text that cannot be rendered is
 * empty, and `faults` has the reasons. Pure.
 */
export const renderedItem = <Item extends Inline & { group?: ItemContent['group'] }>(
  content: Item,
  { templates, scope, viewer, name, test }: ItemParts,
): { content: Item; language: Pick<Texts, 'lang' | 'dir'>; faults: readonly TemplateFault[] } => {
  const { texts, faults } = templates.render('inbox', scope, viewer)
  const full = filled(content, texts)
  // An item without a title would be an empty row.
  const title = texts.title === '' ? name : full.title
  const { lang, dir } = texts
  const { key, faults: ofGroup } = templates.group(scope, viewer)
  return {
    content: {
      ...{ ...full, title: test ? markedTitle(title) : title },
      ...(key === undefined ? {} : { group: { key } }),
    },
    language: { ...(lang && { lang }), ...(dir && { dir }) },
    faults: [...faults, ...ofGroup],
  }
}
