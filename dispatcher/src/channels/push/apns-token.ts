import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'

/** How long a token is used. Apple accepts it for an hour. */
const TOKEN_MS = 50 * 60_000
/** Apple rejects tokens that are renewed more often than this (TooManyProviderTokenUpdates). */
const RENEWAL_MIN_MS = 20 * 60_000

export type ProviderToken = { jwt: string; issuedAt: number }

/**
 * Creates the provider tokens that authenticate an account to APNs: JWTs (ES256) with `kid`, `iss` and `iat`. A token is
 * reused for many requests.
 *
 * https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
 */
export const providerTokens = (account: { key: string; keyId: string; teamId: string }) => {
  const key = createPrivateKey(account.key)
  let latest: { issuedAt: number; token: Promise<ProviderToken> } | undefined

  const sign = async (issuedAt: number): Promise<ProviderToken> => {
    const jwt = await new SignJWT()
      .setProtectedHeader({ alg: 'ES256', kid: account.keyId })
      .setIssuer(account.teamId)
      .setIssuedAt(Math.floor(issuedAt / 1_000))
      .sign(key)
    return { jwt, issuedAt }
  }

  return {
    get: (): Promise<ProviderToken> => {
      const now = Date.now()
      // The absolute difference also replaces a token after the clock was set back.
      if (latest === undefined || Math.abs(now - latest.issuedAt) > TOKEN_MS)
        latest = { issuedAt: now, token: sign(now) }
      return latest.token
    },

    /** Drops a token that APNs rejected as expired. Returns whether the next `get` gives a newer one. */
    renew: (expired: ProviderToken): boolean => {
      if (latest?.issuedAt !== expired.issuedAt) return true
      if (Date.now() - expired.issuedAt < RENEWAL_MIN_MS) return false
      latest = undefined
      return true
    },
  }
}
