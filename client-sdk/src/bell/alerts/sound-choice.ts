import { storeChoice, storedChoice } from '../stored.ts'

const NAME = 'sound'

/** Reports whether new items play a sound: as the user chose in this browser, otherwise as the page says. */
export const hasSound = (byDefault: boolean | undefined): boolean =>
  (storedChoice(NAME) ?? (byDefault ? 'on' : 'off')) === 'on'

/** Returns the switch of the sound. Switching it on plays it, and the browser remembers the choice. */
export const soundSwitch = (byDefault: boolean | undefined) => {
  const isOn = hasSound(byDefault)
  return {
    isOn,
    toggle() {
      storeChoice(NAME, isOn ? 'off' : 'on')
      // The sound that cannot be loaded is missed when an item arrives, too.
      if (!isOn) void import('./sound.ts').then(({ playSound }) => playSound()).catch(() => {})
    },
  }
}
