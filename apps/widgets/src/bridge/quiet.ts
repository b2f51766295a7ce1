// The schemas of ext-apps would try whether they may compile themselves, which the page's policy forbids and the browser
// reports. To be imported before anything that makes a schema.
import { config } from 'zod/v4'

config({ jitless: true })
