import { element } from './dom.js'
import { createSwitches } from './switches.js'

const PACES = new Set(['hourly', 'daily', 'weekly', 'immediate'])

/** Says who decides about a channel of a category or type. */
const reasonOf = ({ value, by, path = '', locked }, section, words, muted) => {
  if (locked) return value === false ? words.standard : words.always
  if (muted) return words.paused
  const pace = PACES.has(value) ? `${words[value]} · ` : ''
  const own = by === 'user' || by === 'user_context'
  if (own && path.startsWith('channels.') && value === false) return words.master
  if (own && section === 'types' && path.startsWith('categories.')) return pace + words.inCategory
  return pace + (own ? words.yours : words.standard)
}

/** Returns a function that finds the row of a category or type in a grid. */
const rowsOf = ({ categories, types }) => {
  const every = [...categories.flatMap((category) => category.types), ...types]
  const rows = {
    categories: new Map(categories.map((row) => [row.key, row])),
    types: new Map(every.map((row) => [row.key, row])),
  }
  return (section, key) => rows[section].get(key)
}

/** The switches of one category or type, by channel. */
const createRow = (switches, known, words) => (section, key, name) =>
  element(
    'fieldset',
    {},
    element('legend', { class: 'unseen' }, name),
    ...known.data.channels.map((channel) =>
      switches.add({
        label: words.channels[channel],
        path: [section, key, channel],
        read: () => {
          const { grid, sample } = known.data
          const found = known.row(section, key)?.channels[channel]
          if (!found) return { on: false, locked: true, reason: '' }
          const reason = reasonOf(found, section, words, grid.muted)
          return { on: found.value !== false, locked: found.locked || sample, reason }
        },
        chosen: (on) => on,
      }),
    ),
  )

const title = (name) => element('bdi', {}, name)
const about = (text) => text && element('p', { class: 'soft' }, title(text))

/** The channels that are always on, for a category or type without switches. */
const lockedRow = ({ key, name = key, description, channels }, used, words) => {
  const on = used.filter((channel) => channels[channel].value !== false)
  const list = [words.always, ...on.map((channel) => words.channels[channel])].join(' · ')
  return element(
    'section',
    { class: 'locked' },
    element('h3', {}, title(name)),
    about(description),
    element('p', { class: 'soft' }, list),
  )
}

const createDetails = (row, known, words) => {
  const isLocked = ({ channels }) => Object.values(channels).every(({ locked }) => locked)
  const details = (section, found, heading, ...more) => {
    const { key, name = key, description } = found
    if (isLocked(found)) return lockedRow(found, known.data.channels, words)
    return element(
      'details',
      { class: section },
      element('summary', {}, heading),
      about(description),
      row(section, key, name),
      ...more,
    )
  }
  const type = (found) => details('types', found, title(found.name ?? found.key))
  const category = (found) => {
    const { key, name = key, types } = found
    const more = types.length > 0 ? [element('h4', {}, words.each), ...types.map(type)] : []
    return details('categories', found, element('h3', {}, title(name)), ...more)
  }
  return { type, category }
}

/** The switches for everything: pause, and each channel as a whole. */
const createMasters = (switches, known, words) => ({
  pause: element(
    'section',
    { class: 'pause' },
    switches.add({
      label: words.pause,
      path: ['muted'],
      read: () => ({
        ...{ on: known.data.own.muted === true, locked: known.data.sample },
        reason: words.pauseHint,
      }),
      chosen: (on) => (on ? true : null),
    }),
  ),
  channels: element(
    'fieldset',
    {},
    element('legend', { class: 'unseen' }, words.everywhere),
    ...known.data.channels.map((channel) =>
      switches.add({
        label: words.channels[channel],
        path: ['channels', channel],
        read: () => ({
          ...{ on: known.data.own.channels?.[channel] !== false, locked: known.data.sample },
          reason: '',
        }),
        // Switching on removes the value, so types and categories decide again.
        chosen: (on) => (on ? null : false),
      }),
    ),
  ),
})

/** Renders the choices of the data. `know` takes newer data, which `refresh` shows. */
export const createChoices = (data, words) => {
  const known = { data, row: rowsOf(data.grid) }
  const switches = createSwitches()
  const masters = createMasters(switches, known, words)
  const { category, type } = createDetails(createRow(switches, known, words), known, words)
  const { categories, types } = data.grid
  const soft = (text) => element('p', { class: 'soft' }, text)
  const elements = [
    element('h1', {}, words.title),
    soft(words.intro),
    data.sample && element('p', { class: 'note' }, words.sample),
    masters.pause,
    element('h2', {}, words.what),
    categories.length + types.length === 0 && soft(words.empty),
    ...categories.map(category),
    types.length > 0 && element('h2', {}, words.other),
    ...types.map(type),
    element('section', {}, element('h2', {}, words.everywhere), soft(words.everywhereHint), masters.channels),
  ]
  return {
    ...switches,
    elements: elements.filter(Boolean),
    know: (next) => {
      known.data = next
      known.row = rowsOf(next.grid)
    },
  }
}
