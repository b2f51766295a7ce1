import { expect, it } from 'vitest'
import { clientHost, readIdentity } from './identity'

it('names a client by the host of its document', () => {
  expect(clientHost('https://claude.ai/oauth/mcp.json')).toBe('claude.ai')
  expect(clientHost('sp_dcr_1234')).toBe('')
  expect(clientHost('javascript:alert(1)')).toBe('')
})

it('reads what is missing as empty', () => {
  expect(readIdentity(undefined)).toMatchObject({ signedIn: false, username: '', scopes: [], expires: NaN })
  expect(readIdentity({ signed_in: true, scopes: ['a', 1], expires: '2026-11-20T12:59:00Z' })).toMatchObject({
    signedIn: true,
    scopes: ['a'],
    expires: Date.UTC(2026, 10, 20, 12, 59),
  })
})
