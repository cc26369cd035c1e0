import { adoptStyles } from '../adopt-styles.ts'
import type { createTouch } from './touch.ts'

type Options = Parameters<typeof createTouch>[0]

/** Returns a listener for the touches of the list. Its code is loaded only on devices with a touch screen. */
export const createLazyTouch = (root: ShadowRoot, options: () => Options) => {
  let listener: ReturnType<typeof createTouch> | undefined
  const load = async () => {
    const { createTouch, styles } = await import('./touch.ts')
    adoptStyles(root, styles)
    listener = createTouch(options())
  }
  // Every touch action also has a button, so a failed load is not reported.
  if (navigator.maxTouchPoints > 0) load().catch(() => {})
  return (event: PointerEvent) => listener?.(event)
}
