import type { Client } from '../../client/client.ts'

/** An element of this page that can alert its user. */
export type Speaker = { element: HTMLElement; client: Client; isBanner: () => boolean }

/** In the order in which they were connected. */
const speakers = new Set<Speaker>()

/** Adds an element to those of the page that share a client. Returns a function that removes it. */
export const joinSpeakers = (speaker: Speaker): (() => void) => {
  speakers.add(speaker)
  return () => {
    speakers.delete(speaker)
  }
}

const isVisible = ({ element }: Speaker) => element.checkVisibility()

/**
 * Reports whether this element alerts the user. Of several visible elements with one client, the first one does. Where the page
 * has a visible element in banner mode, other elements show no banners; it shows nothing else.
 */
export const speaks = (me: Speaker, what: 'banner' | 'other' = 'other'): boolean => {
  const visible = [...speakers].filter(isVisible)
  const isBanner = what === 'banner' && visible.some((each) => each.isBanner())
  return me === visible.find((each) => each.client === me.client && each.isBanner() === isBanner)
}
