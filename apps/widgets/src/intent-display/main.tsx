import { mount } from '../shared/widget'
import { Intents } from './intent-display'
import './intents.css'

mount('intent-display', <Intents />)
