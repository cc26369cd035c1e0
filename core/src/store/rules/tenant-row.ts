import { TenantSettings } from '@carillon/schemas'
import { stored } from './damaged-row.ts'

/** Reads the settings of a tenant from JSON. */
export const readSettings = (id: string, text: string): TenantSettings =>
  stored(TenantSettings, text, `the settings of tenant ${id}`)
