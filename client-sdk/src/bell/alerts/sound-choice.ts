import { storeChoice, storedChoice } from '../stored-choices.ts'

const NAME = 'sound'

/** Reports whether new items play a sound. The user's choice in this browser overrides the default of the page. */
export const hasSound = (byDefault: boolean | undefined): boolean =>
  (storedChoice(NAME) ?? (byDefault ? 'on' : 'off')) === 'on'

/**
 * Returns whether the sound is on, and a function that toggles it. The choice is stored in the browser. Turning the sound on
 * plays it.
 */
export const soundSwitch = (byDefault: boolean | undefined) => {
  const isOn = hasSound(byDefault)
  return {
    isOn,
    toggle() {
      storeChoice(NAME, isOn ? 'off' : 'on')
      // The choice is stored even if the sound cannot be loaded now.
      if (!isOn) void import('./sound.ts').then(({ playSound }) => playSound()).catch(() => {})
    },
  }
}
