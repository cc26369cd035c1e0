import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/** Notifications: accepted, stored and delivered live. */
const intakeMetrics = (registers: Registry[]) => ({
  accepted: new Counter({
    name: 'carillon_notifications_accepted_total',
    help: 'Notifications accepted over HTTP, or read from NATS',
    labelNames: ['via', 'priority'] as const,
    registers,
  }),
  refused: new Counter({
    name: 'carillon_notifications_refused_total',
    help: 'Notifications refused, by problem code',
    labelNames: ['via', 'code'] as const,
    registers,
  }),
  ignored: new Counter({
    name: 'carillon_attributes_ignored_total',
    help: 'Parts of notifications that were ignored, by type (empty if it is not defined): invalid attributes of recipients, content that the type has itself, and overrides of channels without a step',
    labelNames: ['via', 'type'] as const,
    registers,
  }),
  templateErrors: new Counter({
    name: 'carillon_template_errors_total',
    help: 'Texts that were not rendered in full, by type: a template failed, or a value was missing',
    labelNames: ['type'] as const,
    registers,
  }),
  stored: new Counter({
    name: 'carillon_items_stored_total',
    help: 'Inbox items written',
    labelNames: ['priority'] as const,
    registers,
  }),
  live: new Counter({
    name: 'carillon_live_messages_total',
    help: 'Live messages, by outcome: connected, away, or lost because the live bus was unavailable',
    labelNames: ['outcome'] as const,
    registers,
  }),
  latency: new Histogram({
    name: 'carillon_publish_to_live_seconds',
    help: 'Time from acceptance to delivery to the live bus',
    labelNames: ['priority'] as const,
    buckets: LATENCY_SECONDS,
    registers,
  }),
})

/** Decisions about recipients and the steps of their plans. */
const decisionMetrics = (registers: Registry[]) => ({
  decisions: new Counter({
    name: 'carillon_decisions_total',
    help: 'Decisions about recipients and steps of delivery plans, by stage, outcome and reason (none: by default)',
    labelNames: ['stage', 'outcome', 'reason'] as const,
    registers,
  }),
})

/** Windows in which steps wait: digests, frequencies and quiet hours. */
const windowMetrics = (registers: Registry[]) => ({
  windowsOpened: new Counter({
    name: 'carillon_windows_opened_total',
    help: 'Windows opened, by kind: digest, frequency or quiet_hours. Those opened less those closed are open',
    labelNames: ['kind'] as const,
    registers,
  }),
  windowsClosed: new Counter({
    name: 'carillon_windows_closed_total',
    help: 'Windows closed, by kind',
    labelNames: ['kind'] as const,
    registers,
  }),
  windowLag: new Histogram({
    name: 'carillon_window_lag_seconds',
    help: 'Time from when a window was to close until it was closed',
    labelNames: ['kind'] as const,
    buckets: LATENCY_SECONDS,
    registers,
  }),
})

/** Queues of the event log. */
const queuesMetrics = (registers: Registry[]) => ({
  backlog: new Gauge({
    name: 'carillon_queue_backlog',
    help: 'Unfinished messages per queue',
    labelNames: ['queue'] as const,
    registers,
  }),
  queueAge: new Gauge({
    name: 'carillon_queue_age_seconds',
    help: 'Time since the oldest unfinished message of a queue was appended or due; 0 for an empty queue',
    labelNames: ['queue'] as const,
    registers,
  }),
  waiting: new Gauge({
    name: 'carillon_waiting_messages',
    help: 'Messages of the event log that wait until a time, by reason. Of a window of a digest, frequency or quiet hours there is one for each user',
    labelNames: ['reason'] as const,
    registers,
  }),
  deadLetters: new Counter({
    name: 'carillon_dead_letters_total',
    help: 'Dead letters, by problem code',
    labelNames: ['code'] as const,
    registers,
  }),
  retried: new Counter({
    name: 'carillon_messages_retried_total',
    help: 'Messages redelivered after an internal error',
    labelNames: ['queue'] as const,
    registers,
  }),
  paused: new Gauge({
    name: 'carillon_paused',
    help: '1 while work waits for an unavailable dependency',
    labelNames: ['part'] as const,
    registers,
  }),
  dependencyUp: new Gauge({
    name: 'carillon_dependency_up',
    help: '1 while a dependency works: stream, store or live, as in /readyz',
    labelNames: ['dependency'] as const,
    registers,
  }),
  streamFull: new Gauge({
    name: 'carillon_stream_full',
    help: '1 while the event log is full',
    registers,
  }),
  clockOffset: new Gauge({
    name: 'carillon_clock_offset_seconds',
    help: 'Offset of the clock of this process from the shared clock (Redis, else Cassandra); positive if it is ahead',
    registers,
  }),
})

/** Sends to providers. */
const sendingMetrics = (registers: Registry[]) => ({
  sends: new Counter({
    name: 'carillon_sends_total',
    help: 'Messages handed to providers, by outcome',
    labelNames: ['channel', 'outcome'] as const,
    registers,
  }),
  sendFailures: new Counter({
    name: 'carillon_send_failures_total',
    help: 'Failed sends, by account and reason',
    labelNames: ['tenant', 'account', 'reason'] as const,
    registers,
  }),
  inDoubt: new Counter({
    name: 'carillon_in_doubt_total',
    help: 'Messages with an unknown outcome, by whether they were resent',
    labelNames: ['channel', 'resent'] as const,
    registers,
  }),
  skipped: new Counter({
    name: 'carillon_steps_skipped_total',
    help: 'Skipped steps of delivery plans, by reason',
    labelNames: ['channel', 'reason'] as const,
    registers,
  }),
  sendSeconds: new Histogram({
    name: 'carillon_send_seconds',
    help: 'Time from when a step was due to acceptance by the provider',
    labelNames: ['channel', 'priority'] as const,
    buckets: LATENCY_SECONDS,
    registers,
  }),
  otp: new Counter({
    name: 'carillon_otp_total',
    help: 'One-time passwords: sent, verified, or refused with a problem code. Many sent and few verified indicate SMS pumping',
    labelNames: ['channel', 'outcome'] as const,
    registers,
  }),
})

/** Requests and connections. */
const edgeMetrics = (registers: Registry[]) => ({
  connections: new Gauge({ name: 'carillon_connections', help: 'Open live connections', registers }),
  http: new Histogram({
    name: 'carillon_http_request_seconds',
    help: 'HTTP requests by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: LATENCY_SECONDS,
    registers,
  }),
  rateLimited: new Counter({
    name: 'carillon_rate_limited_total',
    help: 'Requests and connections rejected by a rate limit or cap, by name',
    labelNames: ['limit'] as const,
    registers,
  }),
  faults: new Counter({
    name: 'carillon_faults_total',
    help: 'Internal errors, by where they were caught: request, socket, promise',
    labelNames: ['where'] as const,
    registers,
  }),
})

/** Creates the metrics of a process. Each role updates its own. */
export const createMetrics = (options: { process?: boolean } = {}) => {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    ...intakeMetrics(registers),
    ...decisionMetrics(registers),
    ...windowMetrics(registers),
    ...queuesMetrics(registers),
    ...sendingMetrics(registers),
    ...edgeMetrics(registers),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
