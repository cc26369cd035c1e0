import type {} from '@carillon/core/testing/provided'
import { inject } from 'vitest'
import { needing } from '../rig/needs.ts'
import { clusterStage } from './cluster.ts'
import { hubsDie } from './scenarios/killed.ts'
import { outreach } from './scenarios.ts'

const { title, skip } = needing('reaching people by a cluster', 'nats', 'redis')
const cassandra = inject('cassandra')

outreach(cassandra ? title : `${title} (skipped: no Cassandra)`, {
  skip: skip || !cassandra,
  raise: () => clusterStage(cassandra ?? ''),
  last: { title: 'all hubs are killed during delivery: the fallback is sent without any', play: hubsDie },
})
