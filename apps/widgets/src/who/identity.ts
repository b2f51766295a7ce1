import { asObject } from '../bridge/bridge'

/** What whoami answers. Whatever is not there is empty. */
export interface Identity {
  signedIn: boolean
  subject: string
  username: string
  name: string
  email: string
  clientID: string
  program: string
  resource: string
  scopes: string[]
  /** Milliseconds since 1970; NaN: it does not say. */
  expires: number
}

export function readIdentity(structured: unknown): Identity {
  const o = asObject(structured)
  const text = (key: string) => (typeof o[key] === 'string' ? (o[key] as string) : '')
  return {
    signedIn: o.signed_in === true,
    subject: text('subject'),
    username: text('username'),
    name: text('name'),
    email: text('email'),
    clientID: text('client_id'),
    program: text('program'),
    resource: text('resource'),
    scopes: Array.isArray(o.scopes) ? o.scopes.filter((s) => typeof s === 'string') : [],
    expires: Date.parse(text('expires')),
  }
}

/** A client that has a metadata document is named by that document's host, which it cannot choose freely. */
export function clientHost(id: string): string {
  try {
    const u = new URL(id)
    return u.protocol === 'https:' ? u.host : ''
  } catch {
    return ''
  }
}
