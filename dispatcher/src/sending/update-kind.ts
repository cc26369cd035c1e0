import { isPushUpdate, PushUpdateWork } from '@carillon/core/delivery/push-updates'
import { grouped } from '@carillon/core/group-by'
import type { Outages } from '../consumer/outages.ts'
import { type Kind, type Work, workKind } from '../consumer/work-kind.ts'
import type { Withdraw } from './withdraw.ts'

/** Defines updates of devices as a kind of work. Those of a tenant that arrive together share their reads. */
const createUpdateKind = ({ withdraw, outages }: { withdraw: Withdraw; outages: Pick<Outages, 'through'> }) =>
  workKind({
    schema: PushUpdateWork,
    handle: async (works: readonly Work<PushUpdateWork>[]) =>
      [...grouped(works, ({ subject }) => subject.tenant)].flatMap(([tenant, some]) => {
        const updates = some.map(({ body }) => body.update)
        const ending = outages.through(() => withdraw(tenant, updates)).then(() => undefined)
        return some.map(({ message }) => ({ message, ending }))
      }),
  })

/**
 * Adds updates of devices to the steps of the push channel. They share its queues, so that a slow push service delays nothing
 * else.
 */
export const withUpdates = (steps: Kind, ports: Parameters<typeof createUpdateKind>[0]): Kind => {
  const updates = createUpdateKind(ports)
  return async (arrived) => {
    const some = arrived.filter(({ message }) => isPushUpdate(message.data))
    if (some.length === 0) return steps(arrived)
    const others = arrived.filter((each) => !some.includes(each))
    const handled = [updates(some), ...(others.length > 0 ? [steps(others)] : [])]
    return (await Promise.all(handled)).flat()
  }
}
