import { element } from './dom.js'

/** Minimum contrast of a control with its surroundings (WCAG 2.2, 1.4.11), and of text (1.4.3). */
const CONTROL = 3
const TEXT = 4.5
const SURFACES = { light: '#ffffff', dark: '#1b1e24' }

const channels = (color) => {
  const short = color.length === 4
  return [0, 1, 2].map((at) => {
    const hex = short ? color[at + 1].repeat(2) : color.slice(1 + 2 * at, 3 + 2 * at)
    const value = Number.parseInt(hex, 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
}
const luminance = (color) => {
  const [red, green, blue] = channels(color)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Returns the contrast of two colors, #rgb or #rrggbb. */
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** Shows the name and logo of the tenant. Uses its color in each color scheme where the contrast is sufficient. */
export const showBrand = (place, { name, logo, colors = {} }) => {
  if (logo) place.append(element('img', { src: logo, alt: name ?? '', height: 32 }))
  else if (name) place.append(element('p', {}, element('bdi', {}, name)))
  const { primary } = colors
  if (!primary) return
  const ink = ['#ffffff', '#101a33'].find((each) => contrast(each, primary) >= TEXT)
  for (const [scheme, surface] of Object.entries(SURFACES)) {
    if (!ink || contrast(primary, surface) < CONTROL) continue
    document.documentElement.style.setProperty(`--accent-${scheme}`, primary)
    document.documentElement.style.setProperty(`--accent-ink-${scheme}`, ink)
  }
}
