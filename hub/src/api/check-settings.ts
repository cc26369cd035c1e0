import { invalidRequest } from '@carillon/core/json/checked'
import type { LinkPolicy } from '@carillon/core/notification/links'
import type { ContextSettings, TenantSettings } from '@carillon/schemas'
import { isSupportedCountry } from 'libphonenumber-js/max'

/** Throws `invalid_request` for settings that are valid by their schema alone. */
export const checkSettings = (
  settings: ContextSettings & Pick<TenantSettings, 'otp'>,
  insecureLinks: LinkPolicy['insecureLinks'],
): void => {
  const insecure = (['url', 'logo'] as const).filter(
    (field) => insecureLinks === 'refuse' && settings[field]?.startsWith('http:'),
  )
  const unknown = settings.otp?.countries?.flatMap((country, index) =>
    isSupportedCountry(country) ? [] : [index],
  )
  const issues = [
    ...insecure.map((field) => ({
      path: [field],
      message: 'must be https; http is accepted in development only',
    })),
    ...(unknown ?? []).map((index) => ({
      path: ['otp', 'countries', index],
      message: 'must be an ISO 3166-1 country code such as GB',
    })),
  ]
  if (issues.length > 0) throw invalidRequest(issues, 'settings')
}
