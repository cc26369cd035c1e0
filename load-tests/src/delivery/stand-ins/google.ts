import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { jwtVerify } from 'jose'
import { generate } from 'selfsigned'

/** A message as FCM gets it. Values of `data` are texts. */
type FcmMessage = {
  token: string
  notification?: { title?: string }
  data: Record<string, string>
  apns: { headers: Record<string, string>; payload: { aps: { badge?: number } } }
}

/** Starts Firebase Cloud Messaging with one phone, and Google's token server, which verifies signatures. */
export const googleWithPhone = async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const certificate = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  const accepted: FcmMessage[] = []
  const tls = { key: certificate.private, cert: certificate.cert }
  const server = createServer(tls, async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const body = await text(request)
    if (request.url === '/token') {
      const assertion = new URLSearchParams(body).get('assertion') ?? ''
      const verified = await jwtVerify(assertion, createPublicKey(privateKey)).catch(() => undefined)
      if (!verified) return answer(400, { error: 'invalid_grant' })
      return answer(200, { access_token: 'access', expires_in: 3_600, token_type: 'Bearer' })
    }
    accepted.push((JSON.parse(body) as { message: FcmMessage }).message)
    return answer(200, { name: `projects/app/messages/${accepted.length}` })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    accepted,
    /** The account and the user's device to store. */
    account: {
      provider: 'fcm',
      config: {
        serviceAccount: {
          project_id: 'app',
          client_email: 'hub@app.iam.gserviceaccount.com',
          private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        },
        endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ca: certificate.cert,
      },
    },
    device: { kind: 'fcm' as const, token: 'token-of-a-phone-0123456789' },
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
