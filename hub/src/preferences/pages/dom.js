/** Returns an element: `element('a', { href: '/' }, 'text', child)`. Undefined and false properties are omitted. */
export const element = (name, properties = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties))
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value)
  made.append(...children.filter((child) => child !== undefined))
  return made
}
