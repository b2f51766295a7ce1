import { expect, it } from 'vitest'
import { initials } from './face'

it.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['ada.king@example.com', 'AC'],
  ['Étienne de la Boétie', 'ÉB'],
  ['𝒜da', '𝒜'],
  ['', '?'],
])('%s is %s', (name, want) => expect(initials(name)).toBe(want))
