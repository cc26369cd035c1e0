import type { UserProfile } from '@carillon/schemas'

/** A profile as single attributes, so that each can be written without the others: `name`, `attributes/plan`. */
export const flattenProfile = ({ attributes, ...profile }: UserProfile): Map<string, string> => {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(profile))
    if (value !== undefined) flat.set(key, JSON.stringify(value))
  for (const [key, value] of Object.entries(attributes ?? {}))
    if (value !== undefined) flat.set(`attributes/${key}`, JSON.stringify(value))
  return flat
}

/** The reverse of `flattenProfile`. */
export const profileOf = (flat: Iterable<readonly [string, string]>): UserProfile => {
  const own: [string, unknown][] = []
  const attributes: [string, unknown][] = []
  for (const [key, value] of flat)
    if (key.startsWith('attributes/')) attributes.push([key.slice(11), JSON.parse(value)])
    else own.push([key, JSON.parse(value)])
  if (attributes.length > 0) own.push(['attributes', Object.fromEntries(attributes)])
  return Object.fromEntries(own) as UserProfile
}
