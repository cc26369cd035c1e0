import type { UserProfile } from '@carillon/schemas'

/** Flattens a profile to single attributes (`name`, `attributes/plan`), so that each can be written on its own. */
export const flattenProfile = ({ attributes, ...profile }: UserProfile): Map<string, string> => {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(profile))
    if (value !== undefined) flat.set(key, JSON.stringify(value))
  for (const [key, value] of Object.entries(attributes ?? {}))
    if (value !== undefined) flat.set(`attributes/${key}`, JSON.stringify(value))
  return flat
}

/** Inverse of `flattenProfile`. */
export const profileOf = (flat: Iterable<readonly [string, string]>): UserProfile => {
  const own: [string, unknown][] = []
  const attributes: [string, unknown][] = []
  for (const [key, value] of flat)
    if (key.startsWith('attributes/')) attributes.push([key.slice(11), JSON.parse(value)])
    else own.push([key, JSON.parse(value)])
  if (attributes.length > 0) own.push(['attributes', Object.fromEntries(attributes)])
  return Object.fromEntries(own) as UserProfile
}
