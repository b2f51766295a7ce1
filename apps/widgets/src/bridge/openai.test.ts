import { afterEach, expect, it, vi } from 'vitest'
import { overOpenAI } from './openai'

/** A host as far as its state goes: it gives back what it was told, through JSON. */
function host(widgetState: unknown = null) {
  const at = new EventTarget()
  vi.stubGlobal('window', at)
  const openai = {
    widgetState,
    setWidgetState: vi.fn((state: unknown) => {
      openai.widgetState = JSON.parse(JSON.stringify(state))
      at.dispatchEvent(new Event('openai:set_globals'))
    }),
  }
  return { openai, at }
}

afterEach(() => vi.unstubAllGlobals())

it('shows the model what is kept, and not what is the person’s alone', () => {
  const { openai } = host()
  const bridge = overOpenAI(openai)
  bridge.keep({ looking_at: 'form' })
  expect(openai.widgetState).toEqual({ looking_at: 'form' })
  bridge.keepOwn({ draft: 'secret so far' })
  expect(openai.widgetState).toEqual({ modelContent: { looking_at: 'form' }, privateContent: { draft: 'secret so far' }, imageIds: [] })
  expect(bridge.shown()).toMatchObject({ kept: { looking_at: 'form' }, own: { draft: 'secret so far' } })
})

it('has both again after a reload, and one when the other is gone', () => {
  const { openai } = host({ modelContent: { looking_at: 'form' }, privateContent: { draft: 'so far' }, imageIds: [] })
  const bridge = overOpenAI(openai)
  expect(bridge.shown()).toMatchObject({ kept: { looking_at: 'form' }, own: { draft: 'so far' } })
  bridge.keepOwn(undefined)
  expect(openai.widgetState).toEqual({ looking_at: 'form' })
  expect(bridge.shown().own).toBeNull()
})

it('outlives a host that refuses to keep', async () => {
  const { openai } = host()
  openai.setWidgetState.mockImplementation(() => Promise.reject(new Error('too much')))
  const bridge = overOpenAI(openai)
  bridge.keepOwn({ draft: 'so far' })
  await Promise.resolve()
  expect(bridge.shown().own).toEqual({ draft: 'so far' })
})

it('says when the page is taken away', () => {
  const { openai, at } = host()
  const save = vi.fn()
  const stay = overOpenAI(openai).leaving(save)
  at.dispatchEvent(new Event('pagehide'))
  stay()
  at.dispatchEvent(new Event('pagehide'))
  expect(save).toHaveBeenCalledOnce()
})
