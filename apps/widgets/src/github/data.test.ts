import { expect, it } from 'vitest'
import { has, readIssues, readOpened, readProfile, readRepositories } from './data'

it('reads a page of repositories', () => {
  const { rows, next } = readRepositories({ structured: { repositories: [{ owner: 'ada', name: 'tower', private: true, open_issues: 2, has_issues: true, updated: '2026-11-20T12:00:00Z', url: 'https://github.com/ada/tower' }], page: 1, next_page: 2 } })
  expect(rows).toMatchObject([{ owner: 'ada', repo: 'tower', hidden: true, openIssues: 2, hasIssues: true, updated: Date.UTC(2026, 10, 20, 12), url: 'https://github.com/ada/tower' }])
  expect(next).toBe(2)
})

it('reads what is missing, or of another kind, as empty', () => {
  expect(readRepositories({ structured: undefined })).toEqual({ rows: [], next: 0, total: undefined })
  expect(readIssues({ structured: { issues: [{ labels: ['bug', 7], number: '4', url: 'javascript:alert(1)' }, null] } }).rows).toMatchObject([{ labels: ['bug'], number: 0, url: '' }, { title: '' }])
  expect(readOpened({ structured: {} })).toBeUndefined()
  expect(readProfile({ structured: { name: 'Ada' } })).toBeUndefined()
})

it('finds words in any order and case', () => {
  expect(has('BUG door', 'The Door jams', 'bug')).toBe(true)
  expect(has('door window', 'The door jams')).toBe(false)
})
