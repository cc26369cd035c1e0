/**
 * Replaces Chromium's push service, which is not reachable in tests: a subscription gets the stand-in's endpoint, and its
 * messages are delivered over the DevTools protocol. Permission, service worker, encryption and display are real.
 */
export const subscribingTo = (device: { endpoint: string; keys: object }) => {
  let asked: PushSubscriptionOptionsInit | undefined
  const bytes = (key: string) =>
    Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0)).buffer
  const subscription = () => ({
    endpoint: device.endpoint,
    options: { applicationServerKey: bytes(String(asked?.applicationServerKey)) },
    toJSON: () => ({ endpoint: device.endpoint, keys: device.keys }),
    unsubscribe: async () => {
      asked = undefined
      return true
    },
  })
  Object.assign(PushManager.prototype, {
    subscribe: async (options: PushSubscriptionOptionsInit) => {
      asked = options
      return subscription()
    },
    getSubscription: async () => (asked ? subscription() : null),
  })
}
