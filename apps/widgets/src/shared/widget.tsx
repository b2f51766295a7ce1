import './style.css'
import { createContext, type ReactNode, StrictMode, useContext, useLayoutEffect, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import type { Bridge, Shown } from '../bridge/bridge'
import { chooseBridge } from '../bridge/choose'
import { Bare, Broken, Note } from './parts'

const TheBridge = createContext<Bridge | null>(null)

export function useBridge(): Bridge {
  const bridge = useContext(TheBridge)
  if (!bridge) throw new Error('there is no bridge')
  return bridge
}

export function useShown(): Shown {
  const bridge = useBridge()
  return useSyncExternalStore(bridge.subscribe, bridge.shown)
}

/** Puts a widget into the page, in the colours of its host. */
export function mount(name: string, widget: ReactNode) {
  const bridge = chooseBridge(name)
  const root = document.getElementById('root')
  if (!root) throw new Error('there is no root')
  createRoot(root).render(
    <StrictMode>
      <TheBridge value={bridge}>
        <Broken>
          <Themed>{widget}</Themed>
        </Broken>
      </TheBridge>
    </StrictMode>,
  )
}

function Themed({ children }: { children: ReactNode }) {
  const { theme, variables, mode, phase } = useShown()
  useLayoutEffect(() => {
    const { style, dataset } = document.documentElement
    // Without a theme from the host, that of the system: what :root says.
    style.colorScheme = theme ?? ''
    dataset.mode = mode
    const own = Object.entries(variables).filter(([name]) => name.startsWith('--'))
    for (const [name, value] of own) style.setProperty(name, value)
    return () => {
      for (const [name] of own) style.removeProperty(name)
    }
  }, [theme, variables, mode])
  if (phase === 'alone') {
    return (
      <Bare>
        <Note kind="plain">This page shows the result of a tool inside a chat. Opened by itself it has nothing to show.</Note>
      </Bare>
    )
  }
  return children
}
