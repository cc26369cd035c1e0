import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/** Everything that is measured, by its Prometheus name. One set per process; roles fill what they know. */
export const createMetrics = (options: { process?: boolean } = {}) => {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    accepted: new Counter({
      name: 'carillon_notifications_accepted_total',
      help: 'Notifications taken into the event log over HTTP, or read from NATS',
      labelNames: ['via', 'priority'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'carillon_notifications_refused_total',
      help: 'Notifications refused at the edge, by problem code',
      labelNames: ['via', 'code'] as const,
      registers,
    }),
    ignored: new Counter({
      name: 'carillon_attributes_ignored_total',
      help: 'Attributes of recipients that did not fit and were left out of a notification',
      labelNames: ['via'] as const,
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
      help: 'Live messages: to a connected user, to nobody connected, or lost because the live bus was out of reach',
      labelNames: ['outcome'] as const,
      registers,
    }),
    latency: new Histogram({
      name: 'carillon_publish_to_live_seconds',
      help: 'From acceptance in the event log to the hand-over to the live bus',
      labelNames: ['priority'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    backlog: new Gauge({
      name: 'carillon_queue_backlog',
      help: 'Messages a queue of the event log has not finished',
      labelNames: ['queue'] as const,
      registers,
    }),
    deadLetters: new Counter({
      name: 'carillon_dead_letters_total',
      help: 'Messages put with the dead letters, by problem code',
      labelNames: ['code'] as const,
      registers,
    }),
    retried: new Counter({
      name: 'carillon_messages_retried_total',
      help: 'Messages given back to be tried again after a fault of ours',
      labelNames: ['queue'] as const,
      registers,
    }),
    sends: new Counter({
      name: 'carillon_sends_total',
      help: 'Messages handed to providers, by what became of each',
      labelNames: ['channel', 'outcome'] as const,
      registers,
    }),
    sendFailures: new Counter({
      name: 'carillon_send_failures_total',
      help: 'Sends that a provider did not take, by account and reason',
      labelNames: ['tenant', 'account', 'reason'] as const,
      registers,
    }),
    inDoubt: new Counter({
      name: 'carillon_in_doubt_total',
      help: 'Messages of which nobody knows whether they were sent; resent says what was done about it',
      labelNames: ['channel', 'resent'] as const,
      registers,
    }),
    skipped: new Counter({
      name: 'carillon_steps_skipped_total',
      help: 'Steps of delivery plans that were rightly not taken, by reason',
      labelNames: ['channel', 'reason'] as const,
      registers,
    }),
    sendSeconds: new Histogram({
      name: 'carillon_send_seconds',
      help: 'From the moment a step was due to the moment the provider took it',
      labelNames: ['channel', 'priority'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
    faults: new Counter({
      name: 'carillon_faults_total',
      help: 'Errors of Carillon itself, by where they were caught: request, socket, promise',
      labelNames: ['where'] as const,
      registers,
    }),
    paused: new Gauge({
      name: 'carillon_paused',
      help: '1 while work waits for a dependency that does not answer',
      labelNames: ['part'] as const,
      registers,
    }),
    clockOffset: new Gauge({
      name: 'carillon_clock_offset_seconds',
      help: 'How far the clock of this process is ahead of the shared one (Redis, else Cassandra); negative if it is behind',
      registers,
    }),
    streamFull: new Gauge({
      name: 'carillon_stream_full',
      help: '1 while the event log refuses messages for lack of room',
      registers,
    }),
    rateLimited: new Counter({
      name: 'carillon_rate_limited_total',
      help: 'Requests and connections refused because of a rate limit or a cap, by its name',
      labelNames: ['limit'] as const,
      registers,
    }),
    otp: new Counter({
      name: 'carillon_otp_total',
      help: 'One-time passwords: sent, verified, or refused with a problem code. Many sent and few verified are a sign of SMS pumping',
      labelNames: ['channel', 'outcome'] as const,
      registers,
    }),
    connections: new Gauge({ name: 'carillon_connections', help: 'Open live connections', registers }),
    http: new Histogram({
      name: 'carillon_http_request_seconds',
      help: 'HTTP requests by route and status',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: LATENCY_SECONDS,
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
