import { html, nothing, type TemplateResult } from 'lit'
import { failureView } from '../failure.ts'
import { icon } from '../icon.ts'
import {
  type Channel,
  type Choice,
  FREQUENCIES,
  hasFrequencies,
  isOffEverywhere,
  patchOf,
  type Row,
} from './choices.ts'
import type { Page } from './page-state.ts'

/** Renders a select box for values with their texts. */
export const select = <Value>(
  options: readonly (readonly [Value, string])[],
  value: Value,
  choose: (value: Value) => void,
  { label, disabled = false, id }: { label?: string; disabled?: boolean; id?: string } = {},
): TemplateResult => {
  const onChange = ({ target }: Event) => choose(options[(target as HTMLSelectElement).selectedIndex]![0])
  return html`
    <select id=${id ?? nothing} aria-label=${label ?? nothing} ?disabled=${disabled} @change=${onChange}>
      ${options.map(([each, name]) => html`<option .selected=${each === value}>${name}</option>`)}
    </select>
  `
}

export const toggle = (
  on: boolean,
  choose: (on: boolean) => void,
  { label, disabled = false, id }: { label?: string; disabled?: boolean; id?: string } = {},
): TemplateResult => html`
  <input
    type="checkbox"
    role="switch"
    class="switch"
    id=${id ?? nothing}
    aria-label=${label ?? nothing}
    .checked=${on}
    ?disabled=${disabled}
    @change=${({ target }: Event) => choose((target as HTMLInputElement).checked)}
  />
`

/** Renders the line below a control whose change was not saved. */
export const failureLine = (id: string, { failure, text }: Page) => failureView(failure(id), text('again'))

export const idOf = ({ section, key }: Row, channel: Channel): string => `${section} ${channel} ${key}`

/** Renders the control of a channel in a category. Without `label`, the enclosing label names it. */
export const choiceControl = (row: Row, channel: Channel, page: Page, label?: string): TemplateResult => {
  const { text, effective, save } = page
  const { value, locked } = row.channels[channel]
  if (locked) return lockedNote(value === false ? text('off') : text('always'))
  const choose = (next: Choice) => save(idOf(row, channel), patchOf(row, channel, next))
  const named = {
    ...(label === undefined ? {} : { label }),
    disabled: effective.muted || isOffEverywhere(row, channel),
  }
  if (!hasFrequencies(channel, value)) return toggle(value !== false, choose, named)
  return select(
    FREQUENCIES.map(([each, key]) => [each, text(key)] as const),
    value,
    choose,
    named,
  )
}

export const lockedNote = (label: string): TemplateResult =>
  html`<span class="locked">${icon('lock')}${label}</span>`
