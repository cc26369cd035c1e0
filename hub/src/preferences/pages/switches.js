import { element } from './dom.js'

/** Returns a merge patch that sets one choice. Its objects have no prototype, so every key is a name like any other. */
const patchAt = (path, value) => {
  const patch = Object.create(null)
  let place = patch
  for (const key of path.slice(0, -1)) {
    place[key] = Object.create(null)
    place = place[key]
  }
  place[path.at(-1)] = value
  return patch
}

/**
 * Creates switches that stay in place while what they show changes, so focus stays too. `refresh` shows what holds,
 * `restore` does so for one control.
 */
export const createSwitches = () => {
  const controls = new Map()
  let changed = () => {}

  /** A switch with its label, and a line that says who decides. `read` returns its state, `chosen` the value of a click. */
  const add = ({ label, path, read, chosen }) => {
    const id = `choice-${controls.size}`
    const input = element('input', { id, type: 'checkbox', role: 'switch', 'aria-describedby': `${id}-why` })
    const why = element('small', { id: `${id}-why` })
    const show = () => {
      const { on, locked, reason } = read()
      input.checked = on
      input.disabled = locked
      why.textContent = reason
    }
    controls.set(input, show)
    input.addEventListener('change', () => changed(input, patchAt(path, chosen(input.checked))))
    show()
    return element('div', { class: 'choice' }, element('label', { for: id }, label), why, input)
  }

  return {
    add,
    onChange: (listener) => {
      changed = listener
    },
    refresh: () => {
      for (const show of controls.values()) show()
    },
    restore: (control) => controls.get(control)?.(),
  }
}
