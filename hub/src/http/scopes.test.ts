import { SCOPES } from '@carillon/core/security/api-keys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

/** The credentials of every route: a scope of an API key, `user` for a user token, `open` for none. */
const ACCESS: Record<string, string> = {
  'POST /v1/types/{key}/test': 'notifications:write',
  'DELETE /v1/layouts/{key}': 'types:write',
  'DELETE /v1/partials/{key}': 'types:write',
  'GET /v1/env': 'types:read',
  'GET /v1/layouts/{key}': 'types:read',
  'GET /v1/partials/{key}': 'types:read',
  'GET /v1/layouts': 'types:read',
  'GET /v1/layouts/{key}/versions': 'types:read',
  'GET /v1/partials': 'types:read',
  'GET /v1/partials/{key}/versions': 'types:read',
  'PUT /v1/env': 'types:write',
  'PUT /v1/layouts/{key}': 'types:write',
  'PUT /v1/partials/{key}': 'types:write',
  'DELETE /v1/categories/{key}': 'types:write',
  'DELETE /v1/contexts/{key}': 'contexts:write',
  'DELETE /v1/attachments/{id}': 'notifications:write',
  'GET /v1/attachments/{id}': 'notifications:read',
  'POST /v1/attachments': 'notifications:write',
  'DELETE /v1/devices/{id}': 'user',
  'DELETE /v1/inbox/{id}': 'user',
  'DELETE /v1/notifications': 'notifications:write',
  'DELETE /v1/notifications/{id}': 'notifications:write',
  'DELETE /v1/providers/{id}': 'providers:write',
  'DELETE /v1/schedules/{id}': 'schedules:write',
  'DELETE /v1/suppressions/{channel}/{address}': 'suppressions:write',
  'DELETE /v1/topics/{key}/members/{user}': 'topics:write',
  'DELETE /v1/users/{id}': 'users:write',
  'DELETE /v1/users/{id}/devices/{device}': 'users:write',
  'GET /healthz': 'open',
  'GET /metrics': 'open',
  'GET /openapi.json': 'open',
  'GET /readyz': 'open',
  'GET /schemas/{file}': 'open',
  'GET /v1/callbacks/{tenant}/{account}': 'open',
  'GET /v1/categories': 'types:read',
  'GET /v1/categories/{key}': 'types:read',
  'GET /v1/contexts': 'contexts:read',
  'GET /v1/contexts/{key}': 'contexts:read',
  'GET /v1/dead-letters': 'dead-letters:read',
  'GET /v1/devices': 'user',
  'GET /v1/inbox': 'user',
  'GET /v1/inbox/counts': 'user',
  'GET /v1/items': 'items:read',
  'GET /v1/live': 'user',
  'GET /v1/me': 'user',
  'GET /v1/notifications': 'notifications:read',
  'GET /v1/notifications/{id}': 'notifications:read',
  'GET /v1/notifications/{id}/deliveries': 'notifications:read',
  'GET /v1/notifications/{id}/explain': 'notifications:read',
  'GET /v1/providers': 'providers:read',
  'GET /v1/providers/{id}': 'providers:read',
  'GET /v1/push/key': 'user',
  'GET /v1/schedules': 'schedules:read',
  'GET /v1/schedules/{id}': 'schedules:read',
  'GET /v1/schedules/{id}/next': 'schedules:read',
  'GET /v1/suppressions': 'suppressions:read',
  'GET /v1/tenant': 'tenant:read',
  'GET /v1/topics/{key}/members': 'topics:read',
  'GET /v1/types': 'types:read',
  'GET /v1/types/{key}': 'types:read',
  'GET /v1/types/{key}/variants': 'types:read',
  'GET /v1/types/{key}/versions': 'types:read',
  'DELETE /v1/types/{key}': 'types:write',
  'POST /v1/types/{key}/publish': 'types:write',
  'POST /v1/types/{key}/rollback': 'types:write',
  'GET /v1/unsubscribe/{token}': 'open',
  'GET /v1/users/{id}': 'users:read',
  'GET /v1/users/{id}/devices': 'users:read',
  'PATCH /v1/inbox/{id}': 'user',
  'PATCH /v1/schedules/{id}': 'schedules:write',
  'PATCH /v1/users/{id}/preferences': 'preferences:write',
  'PATCH /v1/me': 'user',
  'PATCH /v1/preferences': 'user',
  'GET /v1/users/{id}/preferences/effective': 'preferences:read',
  'GET /v1/users/{id}/preferences/changes': 'preferences:read',
  'GET /v1/users/{id}/preferences': 'preferences:read',
  'GET /v1/operations/{id}': 'items:read',
  'GET /v1/preferences/effective': 'user',
  'GET /v1/preferences': 'user',
  'GET /v1/preferences/page': 'user',
  'GET /v1/users/{id}/preferences/page': 'preferences:write',
  'GET /preferences/data': 'page',
  'PATCH /preferences/data': 'page',
  'POST /v1/callbacks/{tenant}/{account}': 'open',
  'POST /v1/catalogue/check': 'types:read',
  'POST /v1/dead-letters/{id}/replay': 'dead-letters:write',
  'POST /v1/inbox/archive-all': 'user',
  'POST /v1/inbox/unarchive-all': 'user',
  'POST /v1/inbox/read-all': 'user',
  'POST /v1/inbox/clicked': 'user',
  'POST /v1/inbox/received': 'user',
  'POST /v1/inbox/seen': 'user',
  'POST /v1/push/renewals': 'open',
  'POST /v1/push/reports': 'open',
  'POST /v1/inbox/seen-all': 'user',
  'POST /v1/inbox/{id}/actions/{name}': 'user',
  'POST /v1/items/mark': 'items:write',
  'POST /v1/items/recall': 'items:write',
  'POST /v1/items/replace': 'items:write',
  'POST /v1/notifications': 'notifications:write',
  'POST /v1/notifications/batch': 'notifications:write',
  'POST /v1/otp': 'otp:write',
  'POST /v1/otp/verify': 'otp:write',
  'POST /v1/topics/{key}/members': 'topics:write',
  'POST /v1/types/{key}/preview': 'types:read',
  'POST /v1/unsubscribe/{token}': 'open',
  'POST /v1/users/{id}/token': 'tokens:write',
  'PUT /v1/categories/{key}': 'types:write',
  'PUT /v1/contexts/{key}': 'contexts:write',
  'PUT /v1/devices/{id}': 'user',
  'PUT /v1/providers/{id}': 'providers:write',
  'PUT /v1/schedules/{id}': 'schedules:write',
  'PUT /v1/suppressions/{channel}/{address}': 'suppressions:write',
  'PUT /v1/tenant': 'tenant:write',
  'PUT /v1/topics/{key}/members/{user}': 'topics:write',
  'PUT /v1/types/{key}': 'types:write',
  'PUT /v1/users/{id}': 'users:write',
  'PUT /v1/users/{id}/devices/{device}': 'users:write',
}

const accessOf = () =>
  Object.fromEntries(
    test.hub.routes.map(({ method, path, access }) => [
      `${method.toUpperCase()} ${path}`,
      access.kind === 'sender' ? access.scope : access.kind,
    ]),
  )

/** Whoever has this link can change preferences with it. */
const GIVES_ACCESS = 'GET /v1/users/{id}/preferences/page'

/** A preview and a check have a body but change nothing. */
const READS = /^GET |\/(preview|check)$/

describe('access', () => {
  it('matches this table, route by route', () => {
    expect(accessOf()).toEqual(ACCESS)
  })

  it('needs a read scope to read, and a write scope to change', () => {
    const scoped = Object.entries(ACCESS).filter(
      ([route, access]) => access.includes(':') && route !== GIVES_ACCESS,
    )
    for (const [route, scope] of scoped)
      expect(scope, route).toMatch(READS.test(route) ? /:read$/ : /:write$/)
  })

  it('is rejected for a key with every other scope, before anything else is checked', async () => {
    const tenant = await test.tenant()
    for (const { method, path, access } of test.hub.routes) {
      if (access.kind !== 'sender') continue
      const token = await tenant.keyWith(...SCOPES.filter((scope) => scope !== access.scope))
      const refused = await test.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), { token })
      expect([refused.status, refused.json.code], `${method} ${path}`).toEqual([403, 'forbidden'])
      expect(refused.json.detail).toContain(access.scope)
    }
  })
})
