import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'

/** Apple takes a token for an hour; one is used for fifty minutes. */
const USED_MS = 50 * 60_000
/** Apple refuses tokens that are renewed more often (TooManyProviderTokenUpdates). */
const RENEWED_AFTER_MS = 20 * 60_000

export type ProviderToken = { jwt: string; issuedAt: number }

/**
 * The tokens an account shows to APNs: JWTs (ES256) with `kid`, `iss` the team and `iat`, each used for many requests.
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
      // A clock that was put back must not keep a token for longer than its hour.
      if (latest === undefined || Math.abs(now - latest.issuedAt) > USED_MS)
        latest = { issuedAt: now, token: sign(now) }
      return latest.token
    },

    /** APNs calls a token expired. Whether there is another one now. */
    renew: (expired: ProviderToken): boolean => {
      if (latest?.issuedAt !== expired.issuedAt) return true
      if (Date.now() - expired.issuedAt < RENEWED_AFTER_MS) return false
      latest = undefined
      return true
    },
  }
}
