import type { EffectiveSettings } from '../contexts/in-context.ts'
import { webUrl } from './safe-url.ts'

/** The sender's brand in the default layout of e-mails. `color`: #rgb or #rrggbb. */
export type Brand = { name?: string; logo?: string; color?: string }

/** The color of links and buttons without a brand. */
export const COLOR = '#1d4ed8'

/** Returns the brand of a tenant and context; undefined if they set none. */
export const brandOf = ({ name, logo, colors }: EffectiveSettings): Brand | undefined => {
  const color = colors?.primary
  const image = webUrl(logo)
  if (name === undefined && image === undefined && color === undefined) return undefined
  return { ...(name && { name }), ...(image && { logo: image }), ...(color && { color }) }
}

/** Returns the red, green and blue of a color, each 0 to 1. */
const channels = (color: string): number[] => {
  const digits =
    color.length === 4
      ? [...color.slice(1)].map((digit) => digit + digit)
      : (color.match(/[0-9a-f]{2}/gi) ?? [])
  return digits.map((pair) => Number.parseInt(pair, 16) / 255)
}

/** Returns the text color with more contrast on a background: black or white (WCAG 2.2). */
export const textOn = (color: string): '#000000' | '#ffffff' => {
  const [red = 0, green = 0, blue = 0] = channels(color).map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  )
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000'
}
