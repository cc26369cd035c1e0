/** The selected items of a list, by id. `active` shows the checkboxes. */
export const createSelection = (update: () => void) => {
  const ids = new Set<string>()
  let active = false
  let last: string | undefined

  const change = (run: () => void) => {
    run()
    update()
  }
  return {
    get active() {
      return active
    },
    ids: ids as ReadonlySet<string>,
    start: () => change(() => (active = true)),
    /** Selects or deselects an item; with `through`, an ordered list of ids, all items from the last toggled one to it. */
    toggle: (id: string, through?: readonly string[]) =>
      change(() => {
        active = true
        const [from, to] = [through?.indexOf(last ?? '') ?? -1, through?.indexOf(id) ?? -1].sort(
          (a, b) => a - b,
        )
        if (through && from! >= 0) for (const each of through.slice(from, to! + 1)) ids.add(each)
        else if (!ids.delete(id)) ids.add(id)
        last = id
      }),
    all: (every: readonly string[]) =>
      change(() => {
        active = true
        const select = every.some((id) => !ids.has(id))
        for (const id of every) select ? ids.add(id) : ids.delete(id)
      }),
    stop: () =>
      change(() => {
        active = false
        ids.clear()
      }),
  }
}
