import type { Bridge } from './bridge'
import { overMCP } from './mcp'
import { overOpenAI } from './openai'

/** ChatGPT speaks both, and only its own keeps what a widget keeps. */
export function chooseBridge(name: string): Bridge {
  return window.openai ? overOpenAI(window.openai) : overMCP(name)
}
