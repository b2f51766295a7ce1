// MCP Apps has no place for what a widget keeps. Where the host gives the widget an origin of its own, that origin's
// storage is one; elsewhere even looking for it throws, and what was kept lasts as long as the page.

/** One value in the browser's storage, as JSON. */
export interface Drawer {
  /** null where there is nothing, or nothing that can be read. */
  readonly look: () => unknown
  /** undefined takes out what is there. */
  readonly put: (value: unknown) => void
}

/** storage is asked for anew each time: it may be refused. */
export function drawer(storage: () => Storage, name: string): Drawer {
  return {
    look: () => {
      try {
        return JSON.parse(storage().getItem(name) ?? 'null')
      } catch {
        return null
      }
    },
    put: (value) => {
      try {
        if (value === undefined) storage().removeItem(name)
        else storage().setItem(name, JSON.stringify(value))
      } catch {
        // full, or forbidden
      }
    },
  }
}

/** Where nothing is kept. */
export const noDrawer: Drawer = { look: () => null, put: () => {} }
