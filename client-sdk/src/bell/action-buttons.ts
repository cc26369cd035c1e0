import type { InboxItem } from '@carillon/schemas'
import { html, nothing, type TemplateResult } from 'lit'

/** Maximum number of action buttons of an item. */
export const BUTTONS_MAX = 3

export type ItemAction = NonNullable<InboxItem['actions']>[number]

/** Renders the action buttons of an item, if it has actions. */
export const actionButtons = (
  { actions = [] }: InboxItem,
  act: (event: MouseEvent, action: ItemAction) => void,
): TemplateResult | typeof nothing =>
  actions.length === 0
    ? nothing
    : html`
        <div class="actions">
          ${actions
            .slice(0, BUTTONS_MAX)
            .map(
              (action) =>
                html`<button class=${action.primary ? 'action primary' : 'action'} part="action" dir="auto" @click=${(event: MouseEvent) => act(event, action)}>${action.label}</button>`,
            )}
        </div>
      `
