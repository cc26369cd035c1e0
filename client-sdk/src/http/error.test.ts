import { describe, expect, it } from 'vitest'
import { errorOf } from './error.ts'
import { createRequest } from './request.ts'
import { createTokens } from './token.ts'

const answering = (response: () => Response) =>
  createRequest({
    url: 'http://hub.test/v1',
    tokens: createTokens('x'),
    fetch: async () => response(),
    timeout: 1_000,
  })
const problem = (status: number, code: string) =>
  Response.json(
    { code, detail: 'a detail' },
    { status, headers: { 'content-type': 'application/problem+json' } },
  )
const page = (status: number) =>
  new Response('<!doctype html><p>Welcome', { status, headers: { 'content-type': 'text/html' } })

describe('errors', () => {
  it.each([
    ['a web site', () => page(200), 'not_carillon', true],
    ['a missing page', () => page(404), 'not_carillon', true],
    ['a proxy that refuses', () => page(403), 'not_carillon', true],
    ['another API', () => Response.json({ error: 'no' }, { status: 404 }), 'not_carillon', true],
    ['a proxy without a hub', () => page(502), 'unavailable', true],
    ['a proxy that asks for credentials', () => page(401), 'unauthenticated', false],
    ['a hub without the route', () => problem(404, 'not_found'), 'version_mismatch', false],
    ['a missing token', () => problem(401, 'unauthenticated'), 'unauthenticated', false],
    ['an expired token', () => problem(401, 'token_expired'), 'token_expired', false],
    ['a token of another installation', () => problem(403, 'forbidden'), 'forbidden', false],
  ] as const)('distinguish %s', async (_, response, code, temporary) => {
    await expect(answering(response)('GET', '/inbox')).rejects.toMatchObject({ code, temporary })
  })

  it('a missing item is not a version mismatch', async () => {
    await expect(answering(() => problem(404, 'not_found'))('PATCH', '/inbox/x')).rejects.toMatchObject({
      code: 'not_found',
    })
    expect((await errorOf(problem(404, 'not_found'), false)).message).toBe('a detail')
  })
})
