import { adoptStyles } from '../adopt-styles.ts'
import type { createItemSwipe } from './item-swipe.ts'

type Options = Parameters<typeof createItemSwipe>[0]

/** Returns a listener for the touches of the list. Its code is loaded only on devices with a touch screen. */
export const createLazyItemSwipe = (root: ShadowRoot, options: () => Options) => {
  let listener: ReturnType<typeof createItemSwipe> | undefined
  const load = async () => {
    const { createItemSwipe, styles } = await import('./item-swipe.ts')
    adoptStyles(root, styles)
    listener = createItemSwipe(options())
  }
  // Every touch action also has a button, so a failed load is not reported.
  if (navigator.maxTouchPoints > 0) load().catch(() => {})
  return (event: PointerEvent) => listener?.(event)
}
