import { createControls } from './controls.js'
import { element } from './dom.js'
import { createQuietHours } from './quiet-hours.js'
import { createDigestTime, createSnooze } from './times.js'

/** The options of a channel. `on` leaves the frequency to the type. */
const PACES = ['off', 'on', 'immediate', 'hourly', 'daily', 'weekly']
const paceOf = (value) => (typeof value === 'string' ? value : value ? 'on' : 'off')
const choiceOf = (pace) => (pace === 'on' ? true : pace === 'off' ? false : pace)

/** Returns who decides about a channel of a category or type. */
const reasonOf = ({ value, by, path = '', locked }, section, words, muted) => {
  if (locked) return value === false ? words.standard : words.always
  if (muted) return words.paused
  const own = by === 'user' || by === 'user_context'
  if (own && path.startsWith('channels.') && value === false) return words.master
  if (own && section === 'types' && path.startsWith('categories.')) return words.inCategory
  return own ? words.yours : words.standard
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

/** The controls of one category or type, by channel: a switch for the inbox, lists of frequencies for all others. */
const createRow = (controls, known, words) => {
  const paces = PACES.map((pace) => [pace, words.paces[pace]])
  return (section, key, name) => {
    const read = (channel) => {
      const { grid, sample } = known.data
      const found = known.row(section, key)?.channels[channel]
      if (!found) return { value: false, locked: true, reason: '' }
      const reason = reasonOf(found, section, words, grid.muted)
      return { value: found.value, locked: found.locked || sample, reason }
    }
    const control = (channel) => {
      const label = words.channels[channel]
      const path = [section, key, channel]
      if (channel === 'inbox')
        return controls.addSwitch({
          ...{ label, path, chosen: (on) => on },
          read: () => ({ ...read(channel), on: read(channel).value !== false }),
        })
      return controls.addSelect({
        label,
        read: () => ({ ...read(channel), options: paces, value: paceOf(read(channel).value) }),
        patchOf: (pace) => controls.patchAt(path, choiceOf(pace)),
      })
    }
    return element(
      'fieldset',
      {},
      element('legend', { class: 'unseen' }, name),
      ...known.data.grid.channels.map(control),
    )
  }
}

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
    if (isLocked(found)) return lockedRow(found, known.data.grid.channels, words)
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
const createMasters = (controls, known, words) => ({
  pause: element(
    'section',
    { class: 'pause' },
    controls.addSwitch({
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
    ...known.data.grid.channels.map((channel) =>
      controls.addSwitch({
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

/** Renders the choices of the data. `know` takes newer data, which `refresh` shows. `tag`: the BCP 47 tag of formats. */
export const createChoices = (data, words, tag) => {
  const known = { data, row: rowsOf(data.grid) }
  const controls = createControls()
  const masters = createMasters(controls, known, words)
  const { category, type } = createDetails(createRow(controls, known, words), known, words)
  const { categories, types } = data.grid
  const soft = (text) => element('p', { class: 'soft' }, text)
  const elements = [
    element('h1', {}, words.title),
    soft(words.intro),
    data.sample && element('p', { class: 'note' }, words.sample),
    masters.pause,
    createSnooze(controls, known, words, tag),
    element('h2', {}, words.what),
    categories.length + types.length === 0 && soft(words.empty),
    ...categories.map(category),
    types.length > 0 && element('h2', {}, words.other),
    ...types.map(type),
    element('section', {}, element('h2', {}, words.everywhere), soft(words.everywhereHint), masters.channels),
    element('section', {}, element('h2', {}, words.digest), ...createDigestTime(controls, known, words, tag)),
    element(
      'details',
      { class: 'quiet' },
      element('summary', {}, element('h2', {}, words.quiet)),
      soft(words.quietHint),
      ...createQuietHours(controls, known, words, tag),
    ),
  ]
  return {
    ...controls,
    elements: elements.filter(Boolean),
    know: (next) => {
      known.data = next
      known.row = rowsOf(next.grid)
    },
  }
}
