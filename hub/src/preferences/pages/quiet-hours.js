import { element } from './dom.js'
import { dayNames } from './times.js'

const WINDOWS_MAX = 8
const USUAL = ['22:00', '07:00']
/** Browsers report a time after each digit, so a change is saved after a pause, or when focus leaves. */
const PAUSE_MS = 800

/** A time control has no 24:00, so a window until midnight ends at 00:00 in it. */
const shownEnd = (end) => (end === '24:00' ? '00:00' : end)
const storedEnd = (end) => (end === '00:00' ? '24:00' : end)

const windowOf = (row) => {
  const [from, to] = [...row.querySelectorAll('input')].map(({ value }) => value)
  return from && to && from !== storedEnd(to) ? [from, storedEnd(to)] : undefined
}

/** Calls `save` some time after the last change in an element, or when focus leaves. Returns whether the call is pending. */
const saveAfterPause = (place, save) => {
  let timer
  const flush = () => {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = undefined
    save()
  }
  place.addEventListener('change', () => {
    clearTimeout(timer)
    timer = setTimeout(flush, PAUSE_MS)
  })
  place.addEventListener('focusout', flush)
  return () => timer !== undefined
}

const createRow = (day, [start, end], words, remove) => {
  const time = (label, value) =>
    element('input', { type: 'time', required: true, 'aria-label': label, value })
  const button = element(
    'button',
    { type: 'button', class: 'remove', 'aria-label': `${words.remove}: ${day} ${start}–${shownEnd(end)}` },
    '×',
  )
  const row = element(
    'div',
    { class: 'window' },
    time(words.from, start),
    element('span', { 'aria-hidden': true }, '–'),
    time(words.to, shownEnd(end)),
    button,
  )
  button.addEventListener('click', () => remove(row))
  return row
}

/** The quiet windows that start on one day. `read` returns them and whether they are locked; `save` stores them. */
const createDay = (name, words, read, save) => {
  const rows = element('div')
  const fault = element('small', { class: 'fault', role: 'alert' })
  const add = element(
    'button',
    { type: 'button', class: 'add', 'aria-label': `${words.add}: ${name}` },
    words.add,
  )
  const place = element('fieldset', { class: 'day' }, element('legend', {}, name), rows, fault, add)

  const windows = () => [...rows.children].map(windowOf)
  const limit = () => {
    add.hidden = rows.children.length >= WINDOWS_MAX
  }
  const commit = () => {
    limit()
    const all = windows()
    fault.textContent = all.includes(undefined) ? words.twoTimes : ''
    for (const row of rows.children)
      for (const input of row.querySelectorAll('input'))
        input.setAttribute('aria-invalid', windowOf(row) === undefined)
    if (!all.includes(undefined)) save(all)
  }
  const remove = (row) => {
    row.remove()
    add.focus()
    commit()
  }
  add.addEventListener('click', () => {
    rows.append(createRow(name, USUAL, words, remove))
    rows.lastChild.querySelector('input').focus()
    commit()
  })
  const isPending = saveAfterPause(rows, commit)

  const show = () => {
    const { windows: stored, locked } = read()
    place.disabled = locked
    // A pending change by the user stays.
    if (isPending() || fault.textContent) return
    const normal = stored.map(([start, end]) => [start, storedEnd(end)])
    if (JSON.stringify(windows()) !== JSON.stringify(normal))
      rows.replaceChildren(...stored.map((each) => createRow(name, each, words, remove)))
    limit()
  }
  return { place, show }
}

/** The quiet hours of a week and their time zone. */
export const createQuietHours = (controls, known, words, tag) => {
  const holding = () => known.data.grid.quietHours ?? {}
  // These values apply as a whole, so the first change stores the shown ones.
  const patchWith = (change) => {
    if (known.data.own.quietHours) return { quietHours: change }
    const { timezone, days } = holding()
    return {
      quietHours: { ...(timezone && { timezone }), ...change, days: { ...days, ...change.days } },
    }
  }
  const days = dayNames(tag).map(([day, name]) => {
    const read = () => ({ windows: holding().days?.[day] ?? [], locked: known.data.sample })
    let tell
    const { place, show } = createDay(name, words, read, (windows) =>
      // An empty day instead of none overrides the default quiet hours.
      tell(() => patchWith({ days: { [day]: windows } })),
    )
    tell = controls.addOther(place, show)
    show()
    return place
  })
  const zone = controls.addSelect({
    label: words.zone,
    read: () => {
      const { timezone } = holding()
      const zones = new Set([
        ...(timezone ? [timezone] : []),
        'UTC',
        ...(Intl.supportedValuesOf?.('timeZone') ?? []),
      ])
      const options = [
        ['', words.ownZone],
        ...[...zones].sort().map((each) => [each, each.replaceAll('_', ' ')]),
      ]
      return { options, value: timezone ?? '', locked: known.data.sample, reason: '' }
    },
    patchOf: (value) => patchWith({ timezone: value === '' ? null : value }),
  })
  return [...days, zone]
}
