import type { createTouch } from './touch.ts'

type Options = Parameters<typeof createTouch>[0]

/** Returns the listener for the touches of the list. Its code is loaded where the device has a touch screen. */
export const createTouchScreen = (options: () => Options) => {
  let listener: ReturnType<typeof createTouch> | undefined
  const load = async () => {
    const { createTouch } = await import('./touch.ts')
    listener = createTouch(options())
  }
  // Everything that a touch does has a button, too.
  if (navigator.maxTouchPoints > 0) load().catch(() => {})
  return (event: PointerEvent) => listener?.(event)
}
