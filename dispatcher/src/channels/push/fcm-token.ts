import { createPrivateKey } from 'node:crypto'
import { type Agent, request } from 'node:https'
import { SignJWT } from 'jose'

const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Thrown when Google issued no access token. `status` is that of its response, if there was one. */
export class AccessTokenError extends Error {
  override name = 'AccessTokenError'
  readonly status: number | undefined
  constructor(detail: string, status?: number, cause?: unknown) {
    super(detail, { cause })
    this.status = status
  }
}

const post = (agent: Agent, form: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const outgoing = request(TOKEN_URL, { method: 'POST', agent, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    outgoing.on('error', reject)
    outgoing.end(form)
  })

/**
 * Creates a credential for firebase-admin that fetches access tokens for a service account (RFC 7523). firebase-admin's own
 * credential ignores the given agent. Rejects with `AccessTokenError`.
 *
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 */
export const serviceCredential = (account: { client_email: string; private_key: string }, agent: Agent) => {
  const key = createPrivateKey(account.private_key)
  return {
    getAccessToken: async (): Promise<{ access_token: string; expires_in: number }> => {
      const assertion = await new SignJWT({ scope: SCOPE })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .setIssuer(account.client_email)
        .setAudience(TOKEN_URL)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(key)
      const form = new URLSearchParams({ grant_type: GRANT, assertion }).toString()
      const { status, body } = await post(agent, form).catch((error: unknown) => {
        const code = error instanceof Error && 'code' in error ? `${error.code}: ` : ''
        throw new AccessTokenError(
          `${code}${error instanceof Error ? error.message : error}`,
          undefined,
          error,
        )
      })
      try {
        const { access_token, expires_in, error, error_description } = JSON.parse(body)
        if (status === 200 && typeof access_token === 'string' && typeof expires_in === 'number')
          return { access_token, expires_in }
        throw new AccessTokenError(`HTTP ${status} ${error ?? ''} ${error_description ?? ''}`, status)
      } catch (error) {
        if (error instanceof AccessTokenError) throw error
        throw new AccessTokenError(`HTTP ${status}: not JSON`, status, error)
      }
    },
  }
}
