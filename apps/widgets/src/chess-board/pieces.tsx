import type { ReactNode } from 'react'
import { type Piece, sideOf } from './position'

// Drawn for this project, on a field of 40 by 40.
const shapes: Record<string, ReactNode> = {
  p: (
    <>
      <path d="M16.6 17.5h6.8c0 4.6 2 8.2 4.6 11.5H12c2.6-3.3 4.6-6.9 4.6-11.5z" />
      <circle cx="20" cy="12.2" r="5.4" />
    </>
  ),
  r: <path d="M10.5 7.5h4.4v3.2h2.9V7.5h4.4v3.2h2.9V7.5h4.4V14l-3 2.7v8.4l2.2 3.9H11.3l2.2-3.9v-8.4l-3-2.7z" />,
  n: (
    <>
      <path d="M28.7 29H12.4c0-4.7 2.2-7.2 5.2-9.6 1.2-1 1.9-1.8 2-3-1.7 1-2.9 1.3-4.4 2.1-1.2.6-1.8 2-3.1 2-1.7 0-3.5-1.9-3.5-3.7 0-1.2.8-1.9 1.4-3 1-2 1.9-4.3 4.4-5.9l-.4-3.4 4.2 2.5C24.7 7.4 29.3 12 29.3 19c0 4-.6 6.8-.6 10z" />
      <circle className="detail dot" cx="16.2" cy="11.6" r="1.15" />
    </>
  ),
  b: (
    <>
      <path d="M14.3 25.5h11.4l2.3 3.5H12z" />
      <path d="M20 8.7c4.9 3.3 7 7 7 10.3 0 2.7-1.4 4.9-3.4 6.5h-7.2C14.4 23.9 13 21.7 13 19c0-3.3 2.1-7 7-10.3z" />
      <circle cx="20" cy="6.9" r="2.3" />
      <path className="detail" d="M20 14.2v6.4M16.9 17.3h6.2" />
    </>
  ),
  q: (
    <>
      <path d="M8.4 13l4.7 5.6 1.5-8 3.7 7.3L20 8.5l1.7 9.4 3.7-7.3 1.5 8L31.6 13l-2.7 12.6c-.3 1.5-.9 2.6-1.7 3.4H12.8c-.8-.8-1.4-1.9-1.7-3.4z" />
      <circle cx="7.8" cy="11.8" r="1.9" />
      <circle cx="14.3" cy="9" r="1.9" />
      <circle cx="20" cy="7" r="1.9" />
      <circle cx="25.7" cy="9" r="1.9" />
      <circle cx="32.2" cy="11.8" r="1.9" />
    </>
  ),
  k: (
    <>
      <path d="M18.7 3.6h2.6V6h2.4v2.5h-2.4v4h-2.6v-4h-2.4V6h2.4z" />
      <path d="M20 12.3c1.5 0 2.6 1 3.3 2.3 1.2-1 2.7-1.6 4.3-1.6 3.3 0 5.4 2.5 5.4 5.3 0 4.3-3.9 6.7-5 10.7H12c-1.1-4-5-6.4-5-10.7C7 15.5 9.1 13 12.4 13c1.6 0 3.1.6 4.3 1.6.7-1.3 1.8-2.3 3.3-2.3z" />
      <path className="detail" d="M20 16.5v8.3" />
    </>
  ),
}

export function PieceShape({ piece }: { piece: Piece }) {
  return (
    <svg className={`piece ${sideOf(piece)}`} viewBox="3 2.5 34 34" aria-hidden="true">
      {shapes[piece.toLowerCase()]}
      <path d="M11 30.5h18a2 2 0 0 1 2 2V34a1.5 1.5 0 0 1-1.5 1.5h-19A1.5 1.5 0 0 1 9 34v-1.5a2 2 0 0 1 2-2z" />
    </svg>
  )
}
