import { html, nothing, type TemplateResult } from 'lit'
import { type IconName, icon } from '../icon.ts'

/** A row of a menu. `hint` stands at its end. A row with `isOn` is a checkbox. */
export type MenuRow = {
  label: string
  icon?: IconName
  hint?: string
  isOn?: boolean
  run: (event: MouseEvent) => void
}

/** A menu in the top layer, beside the button that opened it. Arrow keys move the focus; Escape and a choice close it. */
export const createMenu = (update: () => void) => {
  let rows: readonly MenuRow[] = []
  let extra: TemplateResult | typeof nothing = nothing
  let label = ''
  let opener: HTMLElement | undefined
  let root: ParentNode | undefined
  const element = () => root?.querySelector<HTMLElement>('.menu')

  const close = () => {
    element()?.hidePopover()
    // The opener has the focus before a choice removes its item, so that the next item gets the focus.
    opener?.focus()
  }
  const onToggle = ({ newState }: ToggleEvent) => {
    if (newState === 'open') return
    opener?.classList.remove('anchor')
    opener?.setAttribute('aria-expanded', 'false')
    opener?.focus()
    opener = undefined
    update()
  }
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const buttons = [...(element()?.querySelectorAll('button') ?? [])]
    if (step) {
      const from = buttons.indexOf(event.target as HTMLButtonElement)
      buttons.at((from + step) % buttons.length)?.focus()
    } else if (event.key === 'Home') buttons[0]?.focus()
    else if (event.key === 'End') buttons.at(-1)?.focus()
    else if (event.key === 'Tab') close()
    else return
    event.preventDefault()
  }
  const row = (each: MenuRow) => html`
    <button
      role=${each.isOn === undefined ? 'menuitem' : 'menuitemcheckbox'}
      aria-checked=${each.isOn ?? nothing}
      tabindex="-1"
      @click=${(event: MouseEvent) => {
        close()
        each.run(event)
      }}
    >
      ${each.icon ? icon(each.icon) : nothing}<span>${each.label}</span>
      ${each.isOn ? html`<span class="hint">${icon('check')}</span>` : nothing}
      ${each.hint ? html`<span class="hint">${each.hint}</span>` : nothing}
    </button>
  `

  return {
    get isOpen() {
      return opener !== undefined
    },
    /** The element that opened the menu. */
    get opener() {
      return opener
    },
    /** Opens the menu beside a button. `more` is shown below the rows. */
    open(button: HTMLElement, name: string, next: readonly MenuRow[], more?: TemplateResult) {
      root = button.getRootNode() as ShadowRoot
      rows = next
      extra = more ?? nothing
      label = name
      opener = button
      button.classList.add('anchor')
      button.setAttribute('aria-expanded', 'true')
      update()
      queueMicrotask(() => {
        element()?.showPopover()
        element()?.querySelector('button')?.focus()
      })
    },
    close,
    render: () => html`
      <div class="menu" part="menu" popover @toggle=${onToggle} @keydown=${onKey}>
        <div role="menu" aria-label=${label}>${rows.map(row)}</div>
        ${extra}
      </div>
    `,
  }
}
