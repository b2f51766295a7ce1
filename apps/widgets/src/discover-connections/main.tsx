import { mount } from '../shared/widget'
import './connections.css'
import { Connections } from './discover-connections'

mount('discover-connections', <Connections />)
