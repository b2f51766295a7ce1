import { expect, it } from 'vitest'
import { link, readMissing } from './missing'

const result = { structured: undefined, text: '', meta: {}, failed: true }
const meta = { 'sallyport/connect': ['https://mcp.example.com/connect/github?for=x'] }

it.each(['javascript:alert(1)', 'data:text/html,x', 'github.com/x', '', 7, undefined])('leads nobody to %s', (url) => expect(link(url)).toBe(''))

it('knows that a connection is missing', () => {
  expect(readMissing({ ...result, meta: { 'sallyport/connect': ['https://mcp.example.com/connect/github?for=x'] } })).toEqual({ page: 'https://mcp.example.com/connect/github?for=x', service: '' })
  expect(readMissing({ ...result, meta: { 'mcp/www_authenticate': ['Bearer error="invalid_token"'] } })).toEqual({ page: '', service: '' })
  expect(readMissing({ ...result, meta: { 'sallyport/connect': ['javascript:alert(1)'] } })).toBeUndefined()
  expect(readMissing(result)).toBeUndefined()
  expect(readMissing({ ...result, failed: false, meta })).toBeUndefined()
})

it.each([
  ['Repositories acts at GitHub as the person who calls, and GitHub is not connected. Open this page', 'GitHub'],
  ['Intents and connections acts at Acme Inc. as the person who calls, who has to connect it first.', 'Acme Inc.'],
  ['A acts at privy as the person who calls, and privy is not connected.', 'Privy'],
  ['A acts at github as the person who calls, and github is not connected.', 'GitHub'],
  ['Something else.', ''],
])('reads from %j what is to be connected', (text, service) => expect(readMissing({ ...result, text, meta })?.service).toBe(service))
