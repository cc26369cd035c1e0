/** Returns what templates and conditions see of a notification's context; an empty map without one. */
export const contextVariable = (key: string | undefined): Readonly<Record<string, unknown>> =>
  key === undefined ? {} : { key }
