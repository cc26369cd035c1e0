import { embeddedStage } from './embedded.ts'
import { processDies } from './scenarios/killed.ts'
import { outreach } from './scenarios.ts'

outreach('reaching people by carillon dev', {
  skip: false,
  raise: embeddedStage,
  last: { title: 'the process is killed during delivery: the fallback is sent', play: processDies },
})
