import { describe, expect, it } from 'vitest'
import { check, labelsOf } from './draft'

const draft = { title: 'It jams', body: '', labels: '' }

describe('a draft', () => {
  it.each([
    ['is good', {}, []],
    ['without a title', { title: '  ' }, ['title']],
    ['with a title of 256 characters', { title: '𝒜'.repeat(256) }, []],
    ['with one more', { title: 'a'.repeat(257) }, ['title']],
    ['with too much in it', { body: 'a'.repeat(65_537) }, ['body']],
    ['with as many labels as can be', { labels: Array.from({ length: 20 }, (_, i) => `l${i}`).join(',') }, []],
    ['with one label more', { labels: Array.from({ length: 21 }, (_, i) => `l${i}`).join(',') }, ['labels']],
    ['with a label that is too long', { labels: `bug, ${'a'.repeat(51)}` }, ['labels']],
    ['with more than one fault', { title: '', labels: 'a'.repeat(51) }, ['title', 'labels']],
  ])('%s', (_, change, wrong) => expect(Object.keys(check({ ...draft, ...change }))).toEqual(wrong))
})

it('reads labels as people write them', () => {
  expect(labelsOf(' bug,  good first issue ,,bug, ')).toEqual(['bug', 'good first issue'])
})
