/** The kinds of operations on delivered items. */
export type OperationKind = 'recall' | 'mark' | 'replace'

/** How far an operation has come. `step`: counts its messages, so of two reports the later one is known. */
export type OperationProgress = {
  step: number
  finished: boolean
  /** Inboxes that it has handled, and those that it has to handle as far as known. */
  done: number
  total: number
  /** Items that were left as they are. */
  skipped: number
}

/** An operation on delivered items. `createdAt`: epoch ms. */
export type Operation = OperationProgress & { id: string; kind: OperationKind; createdAt: number }

/** How long an operation is known, in ms. */
export const OPERATION_KEPT_MS = 7 * 86_400_000

/** The operations on delivered items. Each is known for OPERATION_KEPT_MS. */
export interface Operations {
  /** Begins an operation. A repetition changes nothing. */
  begin(tenant: string, operation: Pick<Operation, 'id' | 'kind' | 'createdAt'>): Promise<void>
  /** Records progress. Of several, in any order, the one with the greatest `step` stays. */
  progress(
    tenant: string,
    operation: Pick<Operation, 'id' | 'createdAt'>,
    progress: OperationProgress,
  ): Promise<void>
  get(tenant: string, id: string): Promise<Operation | undefined>
}
