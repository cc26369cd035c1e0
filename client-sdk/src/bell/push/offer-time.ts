import { storeChoice, storedChoice } from '../stored-choices.ts'

/** The first visit in which web push is offered in the list. Earlier, users do not know the notifications yet. */
const VISITS_MIN = 2

/** Counts the visits in which the panel was opened. Returns their number, including this one. */
const countVisit = (): number => {
  const visits = Number(storedChoice('visits') ?? 0)
  if (storedChoice('visit', 'visit')) return visits
  storeChoice('visit', 'counted', 'visit')
  storeChoice('visits', String(visits + 1))
  return visits + 1
}

/** Reports whether to offer web push in the list. It is offered in one visit, until the user answers. */
export const isOfferTime = (): boolean => {
  const isReturning = countVisit() >= VISITS_MIN
  if (storedChoice('offer', 'visit')) return storedChoice('offer', 'visit') === 'open'
  if (!isReturning || storedChoice('offered')) return false
  storeChoice('offered', 'yes')
  storeChoice('offer', 'open', 'visit')
  return true
}

/** Remembers that the user has answered the offer. */
export const endOffer = (): void => storeChoice('offer', 'answered', 'visit')
