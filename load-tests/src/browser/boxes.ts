import type { Page } from 'playwright-core'

/** An element and its place on the page, in px. `start` is the distance from the side where lines begin. */
type Box = { name: string; start: number; top: number; width: number; height: number }

/**
 * Returns the places of the elements of the bell that are laid out as boxes, in the order of the document. Elements within texts
 * that have their own direction are left out, and tabs, which are scrolled.
 */
export const boxesOf = (page: Page): Promise<Box[]> =>
  page.evaluate(() => {
    const elements = document.querySelector('notification-bell')?.shadowRoot?.querySelectorAll('*') ?? []
    const isRightToLeft = document.documentElement.dir === 'rtl'
    return [...elements].flatMap((element) => {
      const { left, right, top, width, height } = element.getBoundingClientRect()
      const isBox = width > 0 && height > 0 && getComputedStyle(element).display !== 'inline'
      const isWithin = element.parentElement?.closest('[dir=auto], .failure, .tabs, svg')
      const name = `${element.localName}.${element.classList[0] ?? ''}`
      const start = isRightToLeft ? innerWidth - right : left
      return isBox && !isWithin ? [{ name, start, top, width, height }] : []
    })
  })

const TOLERANCE_PX = 1
/** Number of elements that are returned. One that grows moves many others. */
const MOVED_MAX = 5
const SIDES = ['start', 'top', 'width', 'height'] as const

/** Returns the first elements that are missing in `actual` or have another place. */
export const movedBoxes = (expected: readonly Box[], actual: readonly Box[]): string[] => {
  const isSame = (one: Box, other: Box | undefined) =>
    one.name === other?.name && SIDES.every((side) => Math.abs(one[side] - other[side]) <= TOLERANCE_PX)
  const moved = expected.flatMap((box, at) =>
    isSame(box, actual[at]) ? [] : [`${JSON.stringify(box)} became ${JSON.stringify(actual[at])}`],
  )
  const more = actual.slice(expected.length).map(({ name }) => `${name} was added`)
  return [...moved, ...more].slice(0, MOVED_MAX)
}
