import { expect, it } from 'vitest'
import { drawer } from './drawer'

/** As browsers have it, as far as drawers use it. */
function storage(): Storage {
  const all = new Map<string, string>()
  return { getItem: (k: string) => all.get(k) ?? null, setItem: (k: string, v: string) => void all.set(k, v), removeItem: (k: string) => void all.delete(k), all } as unknown as Storage
}

it('has again what was put into it, until that is taken out', () => {
  const there = storage()
  drawer(() => there, 'form 7').put({ title: 'It hums' })
  expect(drawer(() => there, 'form 7').look()).toEqual({ title: 'It hums' })
  expect(drawer(() => there, 'form 8').look()).toBeNull()
  drawer(() => there, 'form 7').put(undefined)
  expect(drawer(() => there, 'form 7').look()).toBeNull()
})

it('is empty for an origin that may keep nothing', () => {
  const refused = drawer(() => {
    throw new DOMException('The document is sandboxed', 'SecurityError')
  }, 'form')
  refused.put({ title: 'It hums' })
  refused.put(undefined)
  expect(refused.look()).toBeNull()
})

it('is empty where storage is full, or holds what nobody can read', () => {
  const full = { getItem: () => '{', setItem: () => { throw new DOMException('full', 'QuotaExceededError') } } as unknown as Storage
  drawer(() => full, 'form').put({ title: 'It hums' })
  expect(drawer(() => full, 'form').look()).toBeNull()
})
