import { deviceId, post, readConfig, writeConfig } from '../push/config.ts'

declare const self: ServiceWorkerGlobalScope

/** Subscribes again, and replaces the subscription that the hub knows. */
export const renewSubscription = async (given: PushSubscription | null | undefined) => {
  const config = await readConfig()
  if (!config?.renewal) return
  const subscription =
    given ??
    (await self.registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: config.key,
    }))
  const { endpoint = '', keys } = subscription.toJSON()
  const renewal = { token: config.renewal, id: await deviceId(endpoint), endpoint, keys }
  const answer = await post<{ renewal: string }>(`${config.url}v1/push/renewals`, renewal)
  if (answer) await writeConfig({ ...config, renewal: answer.renewal })
}
