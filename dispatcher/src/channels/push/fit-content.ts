import type { Content } from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'

const without =
  (field: keyof Content) =>
  (content: Content): Content => ({ ...content, [field]: undefined })

const shortened =
  (field: 'title' | 'body') =>
  (content: Content, fits: (content: Content) => boolean): Content => {
    const text = content[field] ?? ''
    let [fitting, tooLong] = [0, text.length]
    while (tooLong - fitting > 1) {
      const middle = (fitting + tooLong) >>> 1
      if (fits({ ...content, [field]: cut(text, middle + 1) })) fitting = middle
      else tooLong = middle
    }
    return { ...content, [field]: fitting === 0 ? undefined : cut(text, fitting + 1) }
  }

/** Reductions that make a message fit, the least important content first. */
const REDUCTIONS = [
  without('data'),
  without('actions'),
  without('image'),
  shortened('body'),
  without('url'),
  shortened('title'),
]

/** Reduces content until the result of `build` takes at most `maxBytes` as JSON. */
export const fitContent = (
  content: Content,
  maxBytes: number,
  build: (content: Content) => unknown,
): Content => {
  const fits = (candidate: Content) => Buffer.byteLength(JSON.stringify(build(candidate))) <= maxBytes
  let fitting = content
  for (const reduce of REDUCTIONS) {
    if (fits(fitting)) break
    fitting = reduce(fitting, fits)
  }
  return fitting
}
