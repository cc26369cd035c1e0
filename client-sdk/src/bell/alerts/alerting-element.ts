import type { Client } from '../../client/client.ts'

/** An element of this page that can alert its user. */
export type AlertingElement = { element: HTMLElement; client: Client; isBanner: () => boolean }

/** In order of connection. */
const elements = new Set<AlertingElement>()

/** Registers an element that can alert the user. Returns a function that removes it. */
export const registerAlertingElement = (added: AlertingElement): (() => void) => {
  elements.add(added)
  return () => {
    elements.delete(added)
  }
}

const isVisible = ({ element }: AlertingElement) => element.checkVisibility()

/**
 * Reports whether this element alerts the user. Only the first of several visible elements with the same client does. If the
 * page has a visible element in banner mode, no other element shows banners. An element in banner mode shows nothing else.
 */
export const isAlerting = (me: AlertingElement, what: 'banner' | 'other' = 'other'): boolean => {
  const visible = [...elements].filter(isVisible)
  const isBanner = what === 'banner' && visible.some((each) => each.isBanner())
  return me === visible.find((each) => each.client === me.client && each.isBanner() === isBanner)
}
