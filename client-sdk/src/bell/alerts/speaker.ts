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

/**
 * Reports whether this element alerts the user. Of several visible elements with one client, the first one does. Banners are
 * shown by an element in banner mode, if there is one; it shows nothing else.
 */
export const speaks = (me: Speaker, what: 'banner' | 'other' = 'other'): boolean => {
  const peers = [...speakers].filter(
    ({ client, element }) => client === me.client && element.checkVisibility(),
  )
  const banner = what === 'banner' ? peers.find(({ isBanner }) => isBanner()) : undefined
  return me === (banner ?? peers.find(({ isBanner }) => !isBanner()))
}
