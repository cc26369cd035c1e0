import { newApiKey } from '@carillon/core/security/api-keys'
import { newTenant } from '@carillon/core/security/new-tenant'
import type { Store } from '@carillon/core/store/port'
import type { DevState } from '../config/dev-state.ts'

export const DEMO_TENANT = 'demo'
export const DEMO_USERS = ['ada', 'grace', 'linus']

/** Addresses of the demo users, so that e-mails and text messages can be captured. The numbers are reserved for fiction. */
const PROFILES = DEMO_USERS.map((id, index) => ({
  id,
  profile: {
    ...{ email: `${id}@example.com`, phone: `+1202555010${index}` },
    ...(id === 'grace' && { locale: 'de', timezone: 'Europe/Berlin' }),
  },
}))

/** Creates the tenant of the demo page, if missing. Returns its API key, which stays the same across restarts. */
export const prepareDemoTenant = async (
  store: Store,
  state: DevState,
  keep: (state: DevState) => void,
): Promise<string> => {
  if (!(await store.tenants.get(DEMO_TENANT))) {
    await store.tenants.put(newTenant(DEMO_TENANT))
    for (const user of PROFILES) await store.users.put(DEMO_TENANT, user)
  }
  const id = state.apiKey?.split('.')[1]
  if (state.apiKey && id && (await store.tenants.key(DEMO_TENANT, id))) return state.apiKey
  const { key, token } = newApiKey(DEMO_TENANT, 'demo')
  await store.tenants.putKey(key)
  keep({ ...state, apiKey: token })
  return token
}
