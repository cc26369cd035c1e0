import { storeChoice, storedChoice } from '../stored.ts'

const NAME = 'sound'

/** Reports whether new items play a sound: as the user chose in this browser, otherwise as the page says. */
export const hasSound = (byDefault: boolean): boolean => {
  const choice = storedChoice(NAME)
  return choice === undefined ? byDefault : choice === 'on'
}

/** Remembers the choice of the user in this browser. */
export const chooseSound = (on: boolean): void => storeChoice(NAME, on ? 'on' : 'off')
