/** How long a call waits for others. */
const GATHER_MS = 2

type Asking<Request, Result> = {
  request: Request
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Returns a function that makes requests of a tenant together if they arrive within GATHER_MS, or while another call runs.
 * `run` resolves with the results in order.
 */
export const gathered = <Request, Result>(
  run: (tenant: string, requests: readonly Request[]) => Promise<readonly Result[]>,
) => {
  const tenants = new Map<string, Asking<Request, Result>[]>()

  const runTogether = async (tenant: string, together: readonly Asking<Request, Result>[]) => {
    try {
      const results = await run(
        tenant,
        together.map(({ request }) => request),
      )
      for (const [index, { resolve }] of together.entries()) resolve(results[index] as Result)
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }

  const runAll = async (tenant: string) => {
    for (let asking = tenants.get(tenant) ?? []; asking.length > 0; asking = tenants.get(tenant) ?? []) {
      tenants.set(tenant, [])
      await runTogether(tenant, asking)
    }
    tenants.delete(tenant)
  }

  return (tenant: string, request: Request): Promise<Result> =>
    new Promise((resolve, reject) => {
      const asking = tenants.get(tenant)
      if (asking) return void asking.push({ request, resolve, reject })
      tenants.set(tenant, [{ request, resolve, reject }])
      setTimeout(runAll, GATHER_MS, tenant)
    })
}
