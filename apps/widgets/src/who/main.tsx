import { mount } from '../shared/widget'
import './who.css'
import { Who } from './who'

mount('who', <Who />)
