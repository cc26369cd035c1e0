import { invalidRequest } from '@carillon/core/json/checked'
import type { LinkPolicy } from '@carillon/core/notification/links'
import type { ContextSettings, Issue, TenantSettings } from '@carillon/schemas'
import { isSupportedCountry } from 'libphonenumber-js/max'

type Settings = ContextSettings & Pick<TenantSettings, 'otp'>

/** Returns what is wrong with settings that are valid by their schema. */
export const settingsFaults = (settings: Settings, insecureLinks: LinkPolicy['insecureLinks']): Issue[] => {
  const insecure = (['url', 'logo'] as const).filter(
    (field) => insecureLinks === 'refuse' && settings[field]?.startsWith('http:'),
  )
  const unknown = settings.otp?.countries?.flatMap((country, index) =>
    isSupportedCountry(country) ? [] : [index],
  )
  return [
    ...insecure.map((field) => ({
      path: [field],
      message: 'must be https; http is accepted in development only',
    })),
    ...(unknown ?? []).map((index) => ({
      path: ['otp', 'countries', index],
      message: 'must be an ISO 3166-1 country code such as GB',
    })),
  ]
}

/** Throws `invalid_request` for faults that the schema of settings cannot express. */
export const checkSettings = (settings: Settings, insecureLinks: LinkPolicy['insecureLinks']): void => {
  const issues = settingsFaults(settings, insecureLinks)
  if (issues.length > 0) throw invalidRequest(issues, 'settings')
}
