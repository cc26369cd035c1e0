import { lazily } from './lazily.ts'
import type { Panel } from './panel-state.ts'

/**
 * Returns a function that renders the toolbar of the selected items. Its code is loaded with the first selection. Nothing is
 * rendered before, so the tabs stay if it cannot be loaded; choosing one ends the selection.
 */
export const createLazySelectionBar = (update: () => void) => {
  const view = lazily(() => import('./selection-bar.ts'), update)
  return (panel: Panel) => view()?.selectionBar(panel)
}
