import { mount } from '../shared/widget'
import { Chess } from './chess'
import './chess.css'

mount('chess-board', <Chess />)
