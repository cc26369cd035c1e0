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
 * Creates controls that stay in place while their values change, so that they keep the focus. `refresh` shows the stored
 * values, `restore` does so for one control.
 */
export const createControls = () => {
  const controls = new Map()
  let changed = () => {}
  let count = 0

  /**
   * A control with its label, and a line that names who decides. `show` updates the control and returns that line. `read`
   * returns the value that the user has set, and `patchOf` the patch for it when it is saved.
   */
  const add = ({ control, label, show, read, patchOf }) => {
    const id = `choice-${count++}`
    const why = element('small', { id: `${id}-why` })
    control.id = id
    control.setAttribute('aria-describedby', why.id)
    const update = () => {
      why.textContent = show()
    }
    controls.set(control, update)
    control.addEventListener('change', () => {
      const value = read()
      changed(control, () => patchOf(value))
    })
    update()
    return element('div', { class: 'choice' }, element('label', { for: id }, label), why, control)
  }

  /** A switch. `read` returns its state, `chosen` the value of a click. */
  const addSwitch = ({ label, path, read, chosen }) => {
    const input = element('input', { type: 'checkbox', role: 'switch' })
    const show = () => {
      const { on, locked, reason } = read()
      input.checked = on
      input.disabled = locked
      return reason
    }
    const patchOf = (on) => patchAt(path, chosen(on))
    return add({ control: input, label, show, read: () => input.checked, patchOf })
  }

  /** A list to choose from. `read` returns its options as values with texts; `patchOf` the patch for a value. */
  const addSelect = ({ label, read, patchOf }) => {
    const select = element('select')
    const show = () => {
      const { options, value, locked, reason } = read()
      select.replaceChildren(...options.map(([each, text]) => element('option', { value: each }, text)))
      select.value = value
      select.disabled = locked
      return reason
    }
    return add({ control: select, label, show, read: () => select.value, patchOf })
  }

  return {
    addSwitch,
    addSelect,
    /** Adds a control of another kind. It calls the returned function with functions that return patches. */
    addOther: (control, show) => {
      controls.set(control, show)
      return (patch) => changed(control, patch)
    },
    patchAt,
    onChange: (listener) => {
      changed = listener
    },
    refresh: () => {
      for (const show of controls.values()) show()
    },
    restore: (control) => controls.get(control)?.(),
  }
}
