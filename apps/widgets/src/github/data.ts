import { asObject, type ToolResult } from '../bridge/bridge'
import { link } from '../shared/missing'

/** A repository by its name. */
export interface Place {
  owner: string
  repo: string
}

/** What list_repositories answers of each. Times are milliseconds since 1970; NaN: it does not say. */
export interface Repository extends Place {
  hidden: boolean
  description: string
  language: string
  stars: number
  openIssues: number
  updated: number
  url: string
  hasIssues: boolean
}

/** What every tool answers of an issue, or of a pull request. */
export interface Issue extends Place {
  number: number
  title: string
  state: string
  author: string
  labels: string[]
  comments: number
  pull: boolean
  created: number
  updated: number
  url: string
  /** Its beginning. */
  body: string
}

export interface Profile {
  login: string
  name: string
  company: string
  location: string
  bio: string
  repositories: number
  followers: number
  url: string
}

/** One page of a list. */
export interface Page<Row> {
  rows: Row[]
  /** The page after it; 0: it is the last. */
  next: number
  /** How many a search found, on all pages; undefined: nobody counted. */
  total: number | undefined
}

type Structured = Pick<ToolResult, 'structured'>

export const readRepositories = ({ structured }: Structured): Page<Repository> => page(structured, 'repositories', readRepository)
export const readIssues = ({ structured }: Structured): Page<Issue> => page(structured, 'issues', readIssue)

/** The issue that create_issue opened. */
export function readOpened({ structured }: Structured): Issue | undefined {
  const { issue } = asObject(structured)
  return issue ? readIssue(issue) : undefined
}

export function readProfile({ structured }: Structured): Profile | undefined {
  const o = asObject(structured)
  const login = text(o.login)
  if (!login) return undefined
  return {
    login,
    name: text(o.name),
    company: text(o.company),
    location: text(o.location),
    bio: text(o.bio),
    repositories: count(o.public_repos),
    followers: count(o.followers),
    url: link(o.url),
  }
}

function page<Row>(structured: unknown, rows: string, read: (raw: unknown) => Row): Page<Row> {
  const o = asObject(structured)
  const list = o[rows]
  return { rows: Array.isArray(list) ? list.map(read) : [], next: count(o.next_page), total: typeof o.total === 'number' ? o.total : undefined }
}

function readRepository(raw: unknown): Repository {
  const o = asObject(raw)
  return {
    owner: text(o.owner),
    repo: text(o.name),
    hidden: o.private === true,
    description: text(o.description),
    language: text(o.language),
    stars: count(o.stars),
    openIssues: count(o.open_issues),
    updated: Date.parse(text(o.updated)),
    url: link(o.url),
    hasIssues: o.has_issues !== false,
  }
}

function readIssue(raw: unknown): Issue {
  const o = asObject(raw)
  return {
    owner: text(o.owner),
    repo: text(o.repo),
    number: count(o.number),
    title: text(o.title),
    state: text(o.state),
    author: text(o.author),
    labels: Array.isArray(o.labels) ? o.labels.filter((l) => typeof l === 'string') : [],
    comments: count(o.comments),
    pull: o.pull_request === true,
    created: Date.parse(text(o.created)),
    updated: Date.parse(text(o.updated)),
    url: link(o.url),
    body: text(o.body),
  }
}

export const text = (v: unknown) => (typeof v === 'string' ? v : '')
const count = (v: unknown) => (typeof v === 'number' && v > 0 ? Math.floor(v) : 0)

export const nameOf = ({ owner, repo }: Place) => `${owner}/${repo}`

/** Whether a row has all words in it, whatever their case. */
export function has(words: string, ...texts: string[]): boolean {
  const all = texts.join('\n').toLocaleLowerCase()
  return words.toLocaleLowerCase().split(/\s+/).every((w) => all.includes(w))
}
