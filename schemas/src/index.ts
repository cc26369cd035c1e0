/**
 * The wire contract of Carillon: what crosses a process boundary, and nothing else. Browser-safe; client code
 * imports types only, so that zod never reaches a bundle.
 * @module
 */
export * from './account.ts'
export * from './address.ts'
export * from './cloudevents.ts'
export * from './delivery.ts'
export * from './device.ts'
export * from './inbox.ts'
export type { Issue } from './issues.ts'
export * from './json-schema.ts'
export * from './lifecycle.ts'
export * from './live.ts'
export * from './nearest.ts'
export * from './notification.ts'
export * from './parse.ts'
export * from './plan.ts'
export * from './problems.ts'
export type * from './push.ts'
export * from './subjects.ts'
export * from './tenant.ts'
export * from './text.ts'
export * from './tokens.ts'
export * from './type.ts'
export * from './url.ts'
export * from './user.ts'
export * from './warnings.ts'
