/** One token of a NATS subject. No character has a special meaning in NATS or in logs. */
export const TOKEN = /^[A-Za-z0-9_-]{1,64}$/
/** Several tokens joined by dots, as in `comment.created`. */
export const TOKENS = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$/
