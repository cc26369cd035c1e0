import { element } from './dom.js'
import { call } from './http.js'

const CHANNELS = { inbox: 'Inbox', push: 'Push', email: 'E-mail', sms: 'SMS' }

const DECIDERS = {
  user: 'your choice',
  type: 'decided by the type',
  category: 'decided by the category',
  tenant: 'decided by the tenant',
  system: 'the default',
}

/** Shows what the user gets on each channel, by category, with a switch for each. */
export const mountPreferences = (table, { token }) => {
  const change = async (box, category, channel) => {
    const wanted = box.checked
    try {
      const body = { categories: { [category]: { [channel]: wanted } } }
      await call('PATCH', 'v1/preferences', { key: token(), body })
    } catch (error) {
      box.checked = !wanted
      console.error(error)
    }
  }

  const cell = (category, name, channel, { value, by, locked }) => {
    const box = element('input', {
      type: 'checkbox',
      role: 'switch',
      checked: value !== false,
      disabled: locked,
      'aria-label': `${name}, ${CHANNELS[channel]}`,
      title: locked ? 'Cannot be switched off' : (DECIDERS[by] ?? ''),
      onchange: () => change(box, category, channel),
    })
    return element('td', {}, box)
  }

  const show = async () => {
    const { categories } = await call('GET', 'v1/preferences/effective', { key: token() })
    const channels = Object.keys(CHANNELS)
    const head = element(
      'tr',
      {},
      element('th', { scope: 'col' }, 'Category'),
      ...channels.map((channel) => element('th', { scope: 'col' }, CHANNELS[channel])),
    )
    const rows = categories.flatMap(({ key, name, channels: cells }) => {
      if (key === undefined) return []
      const title = name ?? key
      const row = channels.map((channel) => cell(key, title, channel, cells[channel]))
      return [element('tr', {}, element('th', { scope: 'row' }, title), ...row)]
    })
    table.replaceChildren(element('thead', {}, head), element('tbody', {}, ...rows))
  }

  const refresh = () => {
    show().catch((error) => console.error(error))
  }
  // Other windows and links change preferences too.
  addEventListener('focus', refresh)
  return { refresh }
}
