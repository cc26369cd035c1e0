/** The kinds of operations on delivered items. */
export type OperationKind = 'recall' | 'mark' | 'replace'

/** The progress of an operation. `step`: the number of its part. */
export type OperationProgress = {
  step: number
  finished: boolean
  /** The numbers of inboxes handled, and of inboxes to handle as far as known. */
  done: number
  total: number
  /** The number of items that could not be changed. */
  skipped: number
}

/** The progress of an operation before its first part. */
export const NO_PROGRESS: OperationProgress = { step: 0, finished: false, done: 0, total: 0, skipped: 0 }

/** An operation on delivered items. `createdAt`: epoch ms. */
export type Operation = OperationProgress & { id: string; kind: OperationKind; createdAt: number }

/** How long an operation is kept, in ms. */
export const OPERATION_KEPT_MS = 7 * 86_400_000

/** The operations on delivered items. Each is kept for OPERATION_KEPT_MS. */
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
