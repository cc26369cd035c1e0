import {
  ContextFilter,
  EffectivePreferences,
  PreferenceChange,
  Preferences,
  PreferencesPatch,
  UserId,
} from '@carillon/schemas'
import { z } from 'zod'
import { IfMatch } from '../http/if-match.ts'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { next, pageQuery } from './paging.ts'

const Id = z.object({ id: UserId })

const InContext = z.strictObject({
  context: ContextFilter.optional()
    .describe(
      'The context; the empty string (`?context=`) selects general preferences. Defaults to the one context that the user token is limited to, else to general preferences',
    )
    .meta({ allowEmptyValue: true }),
})

const PreferenceChangePage = z.object({ changes: z.array(PreferenceChange), next: next('after') }).meta({
  id: 'PreferenceChangePage',
  description: 'A page of changed choices',
  examples: [{ changes: [exampleOf(PreferenceChange)], next: null }],
})

const ANSWER = { 200: { description: 'The preferences', schema: Preferences } }
const CHANGED = { 200: { description: 'Changed', schema: Preferences } }
const GRID = { 200: { description: 'The effective preferences', schema: EffectivePreferences } }
const PATCH = {
  method: 'patch',
  tag: 'Preferences',
  query: InContext,
  headers: IfMatch,
  body: PreferencesPatch,
  answers: CHANGED,
  problems: ['erased', 'precondition_failed', 'quota_exceeded', 'too_far', 'forbidden'],
} as const
const MERGED =
  'JSON merge patch (RFC 7396): omitted choices stay, `null` removes a choice and everything below it, and `{}` changes nothing. Concurrent changes to different choices all take effect. Each day of the quiet hours and each part of the digest time is a separate choice.'

export const getPreferences = defineRoute({
  method: 'get',
  path: '/v1/preferences',
  operationId: 'getPreferences',
  tag: 'Preferences',
  summary: 'Get the preferences of the user',
  description:
    "Returns the user's own choices in general, or in a context, and nothing else. `ETag` is for `If-Match`.",
  query: InContext,
  answers: ANSWER,
  problems: ['forbidden'],
})

export const updatePreferences = defineRoute({
  ...PATCH,
  path: '/v1/preferences',
  operationId: 'updatePreferences',
  summary: 'Change the preferences of the user',
  description: `Changes some choices. ${MERGED} All apps of the user get the live event \`preferences.changed\`.`,
})

export const getEffectivePreferences = defineRoute({
  method: 'get',
  path: '/v1/preferences/effective',
  operationId: 'getEffectivePreferences',
  tag: 'Preferences',
  summary: 'Get the effective preferences of the user',
  description:
    'Returns the effective choice for every category, type and channel, who made it, and whether the user can change it: in general, or for notifications of a context. Also returns the snooze, the quiet hours and the digest time.',
  query: InContext,
  answers: GRID,
  problems: ['forbidden'],
})

export const getUserPreferences = defineRoute({
  method: 'get',
  path: '/v1/users/{id}/preferences',
  operationId: 'getUserPreferences',
  tag: 'Preferences',
  summary: 'Get the preferences of a user',
  description:
    'Returns the choices of a user in general, or in a context, and nothing else. `ETag` is for `If-Match`.',
  params: Id,
  query: InContext,
  answers: ANSWER,
})

export const updateUserPreferences = defineRoute({
  ...PATCH,
  path: '/v1/users/{id}/preferences',
  operationId: 'updateUserPreferences',
  summary: 'Change the preferences of a user',
  description: `Changes some choices of a user. They are recorded as made by this API key. ${MERGED}`,
  params: Id,
})

export const getUserEffectivePreferences = defineRoute({
  method: 'get',
  path: '/v1/users/{id}/preferences/effective',
  operationId: 'getUserEffectivePreferences',
  tag: 'Preferences',
  summary: 'Get the effective preferences of a user',
  description:
    'Returns the effective choice for every category, type and channel, and who made it: in general, or for notifications of a context. Also returns the snooze, the quiet hours and the digest time.',
  params: Id,
  query: InContext,
  answers: GRID,
})

export const listPreferenceChanges = defineRoute({
  method: 'get',
  path: '/v1/users/{id}/preferences/changes',
  operationId: 'listPreferenceChanges',
  tag: 'Preferences',
  summary: 'List the changed preferences of a user',
  description:
    'Lists the changes, newest first, with when, how and by whom they were made. The newest 1,000 changes of a user are kept, for a year.',
  params: Id,
  query: z.strictObject(pageQuery()),
  answers: { 200: { description: 'A page of changes', schema: PreferenceChangePage } },
  problems: ['cursor_invalid'],
})
