import { describe, expect, it } from 'vitest'
import { pushOriginAllowed } from './push-services.ts'

describe('pushOriginAllowed', () => {
  it.each([
    'https://fcm.googleapis.com/fcm/send/abc:def',
    'https://FCM.googleapis.com/wp/abc',
    'https://updates.push.services.mozilla.com/wpush/v2/abc',
    'https://wns2-par02p.notify.windows.com/w/?token=abc',
    'https://web.push.apple.com/QABC',
    'https://api.eu.push.apple.com/QABC',
    'https://web.push.apple.com:443/QABC',
  ])('accepts the endpoint %s', (endpoint) => {
    expect(pushOriginAllowed(endpoint)).toBe(true)
  })

  it.each([
    'nonsense',
    'http://fcm.googleapis.com/fcm/send/abc',
    'https://fcm.googleapis.com:8443/fcm/send/abc',
    'https://ada@fcm.googleapis.com/fcm/send/abc',
    'https://fcm.googleapis.com.evil.example/fcm/send/abc',
    'https://evilpush.apple.com/QABC',
    'https://push.apple.com.evil.example/QABC',
    'https://push.apple.com/QABC',
    'https://storage.googleapis.com/abc',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/push',
  ])('rejects the endpoint %s', (endpoint) => {
    expect(pushOriginAllowed(endpoint)).toBe(false)
  })

  it('accepts only the listed origins', () => {
    const origins = ['http://127.0.0.1:4000', 'push.example']
    expect(pushOriginAllowed('http://127.0.0.1:4000/push/1', origins)).toBe(true)
    expect(pushOriginAllowed('http://127.0.0.1:4001/push/1', origins)).toBe(false)
    expect(pushOriginAllowed('https://push.example/1', origins)).toBe(true)
    expect(pushOriginAllowed('https://sub.push.example/1', origins)).toBe(false)
    expect(pushOriginAllowed('https://fcm.googleapis.com/fcm/send/abc', origins)).toBe(false)
  })
})
