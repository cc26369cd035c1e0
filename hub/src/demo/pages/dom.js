/** DOM functions shared by the parts of the page. */

/** The URL of the hub, with a trailing slash. A proxy may serve it below a path. */
export const base = new URL('..', import.meta.url).href

/** Returns an element: `element('a', { href: '/' }, 'text', child)`. Undefined and false properties are omitted. */
export const element = (name, properties = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else made.setAttribute(key, value === true ? '' : value)
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== false))
  return made
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'narrow' })
const ago = (time) => {
  const seconds = (Date.parse(time) - Date.now()) / 1_000
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1]
  return Math.abs(seconds) < 45
    ? relative.format(0, 'second')
    : relative.format(Math.round(seconds / size), unit)
}

/** Returns a `<time>` that shows its age. */
export const timeElement = (time) =>
  element('time', { datetime: time, title: new Date(time).toLocaleString() }, ago(time))

/** Updates the times within `root` every 30 seconds. Returns a function that stops the updates. */
export const keepTimes = (root) => {
  const clock = setInterval(() => {
    for (const time of root.querySelectorAll('time')) time.textContent = ago(time.dateTime)
  }, 30_000)
  return () => clearInterval(clock)
}

/**
 * Replaces the children of `parent`. Children that are already in place are not moved, so they keep focus and
 * scroll position.
 */
export const arrange = (parent, children) => {
  const wanted = new Set(children)
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
  })
}

/**
 * Adds the tabs of a panel, chosen with a click or the arrow keys. `onChoose` gets the name. Returns a
 * function that chooses a tab by name.
 */
export const fillTabs = (list, { names, panel, onChoose }) => {
  const tabs = names.map((name, index) =>
    element(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${list.id}-${index}`,
        'aria-controls': panel.id,
        onclick: () => choose(name),
      },
      name,
    ),
  )
  let chosen = 0
  const choose = (name) => {
    chosen = names.indexOf(name)
    tabs.forEach((tab, index) => {
      tab.setAttribute('aria-selected', String(index === chosen))
      tab.tabIndex = index === chosen ? 0 : -1
    })
    panel.setAttribute('aria-labelledby', tabs[chosen].id)
    onChoose(name)
  }
  list.append(...tabs)
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    const forward = getComputedStyle(list).direction === 'rtl' ? -step : step
    choose(names[(chosen + forward + names.length) % names.length])
    tabs[chosen].focus()
  })
  return choose
}
