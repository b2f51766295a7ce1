import type { ToolResult } from '../bridge/bridge'
import { foreign } from './words'

/** A URL that a person may be sent to; empty: none. */
export function link(v: unknown): string {
  const url = typeof v === 'string' ? URL.parse(v) : null
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : ''
}

/** Why a tool cannot work before its person did something: connect a service, or connect this server in their chat. */
export interface Missing {
  /** Where they connect; empty: the chat asks them by itself. */
  page: string
  /** What they connect; empty: it does not say. */
  service: string
}

/** undefined where a result failed for another reason. */
export function readMissing(r: ToolResult | undefined): Missing | undefined {
  if (!r?.failed) return undefined
  const pages = r.meta['sallyport/connect']
  const page = Array.isArray(pages) ? link(pages[0]) : ''
  if (!page && !r.meta['mcp/www_authenticate']) return undefined
  return { page, service: proper(foreign(/ acts at (.+?) as the person who calls/.exec(r.text)?.[1] ?? '', 60)) }
}

/** A service that has no title is told by its name in the settings, which is in small letters. */
function proper(name: string): string {
  return name === 'github' ? 'GitHub' : name.charAt(0).toUpperCase() + name.slice(1)
}
