import { z } from 'zod'

const INTEGER = /^-?[0-9]{1,16}$/

/** An integer in a path or query, in decimal digits. Anything else is rejected, such as `0x10`, `1e1` or ` 5`. */
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (typeof value === 'string' && INTEGER.test(value) ? Number(value) : Number.NaN),
    z.int().min(min).max(max),
  )
