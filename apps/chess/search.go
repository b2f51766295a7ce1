package chess

import (
	"cmp"
	"context"
	"slices"
	"time"

	rules "github.com/corentings/chess/v2"
)

const builtIn = "built-in search"

// mateScore is more than all pieces are worth; a mate is worth that, less a point
// for each half-move until then.
const mateScore = 1_000_000

// A search looks ahead: alpha and beta, deeper and deeper, until its time is over.
type search struct {
	ctx     context.Context
	until   time.Time
	value   func(*rules.Position) int // of a position, to the side that moves
	visited int
	over    bool
}

// searchFor looks for the best move of a position that has one: depth half-moves
// ahead, or as far as it comes until then. One half-move is always looked at.
func searchFor(ctx context.Context, pos *rules.Position, depth int, until time.Time) thought {
	s := &search{ctx: ctx, until: until, value: evaluate}
	moves := s.ordered(pos, pos.ValidMoves())
	best := thought{by: builtIn, best: uci(&moves[0])}
	for d := 1; d <= depth && !s.over; d++ {
		found, score := line{}, -2*mateScore
		for i := range moves {
			v, l := s.alphaBeta(after(pos, &moves[i]), d-1, bounds{-2 * mateScore, -score}, 1)
			if s.over && d > 1 {
				break
			}
			if -v > score {
				score, found = -v, append(line{moves[i]}, l...)
			}
		}
		if len(found) == 0 || s.over && d > 1 {
			break // what was not looked at to the end might have been better
		}
		best = thought{by: builtIn, depth: d, best: uci(&found[0]), line: found.uci(), score: score}
		if score > mateScore-maxDepth*2 || score < -mateScore+maxDepth*2 {
			best.mate = mateIn(score)
			break // nothing is nearer
		}
		// The best of this round is looked at first in the next.
		at := slices.IndexFunc(moves, func(m rules.Move) bool { return uci(&m) == best.best })
		first := moves[at]
		moves = slices.Insert(slices.Delete(moves, at, at+1), 0, first)
	}
	return best
}

// mateIn is in how many moves of whoever mates it is over.
func mateIn(score int) int {
	if score < 0 {
		return -(mateScore + score + 1) / 2
	}
	return (mateScore - score + 1) / 2
}

type line []rules.Move

func (l line) uci() []string {
	var all []string
	for i := range l {
		all = append(all, uci(&l[i]))
	}
	return all
}

// bounds are what the side that moves, and the other, are sure of elsewhere.
type bounds struct{ alpha, beta int }

// alphaBeta is what a position is worth to the side that moves.
func (s *search) alphaBeta(pos *rules.Position, depth int, b bounds, ply int) (int, line) {
	if s.visited++; s.visited%32 == 0 && (s.ctx.Err() != nil || time.Now().After(s.until)) {
		s.over = true
	}
	moves := pos.ValidMoves()
	switch {
	case len(moves) == 0 && inCheck(pos):
		return ply - mateScore, nil
	case len(moves) == 0, pos.HalfMoveClock() >= 100, barren(pos.Board()):
		return 0, nil
	case depth <= 0:
		return s.quiet(pos, moves, b, 0), nil
	}
	best, found := -2*mateScore, line(nil)
	for _, m := range s.ordered(pos, moves) {
		v, l := s.alphaBeta(after(pos, &m), depth-1, bounds{-b.beta, -b.alpha}, ply+1)
		if s.over {
			return best, found
		}
		if -v > best {
			best, found = -v, append(line{m}, l...)
		}
		if b.alpha = max(b.alpha, best); b.alpha >= b.beta {
			break
		}
	}
	return best, found
}

// quiet goes on with captures, so that no piece is counted that is about to be
// taken.
func (s *search) quiet(pos *rules.Position, moves []rules.Move, b bounds, ply int) int {
	stand := s.value(pos)
	if b.alpha = max(b.alpha, stand); b.alpha >= b.beta || ply >= 6 || s.over {
		return stand
	}
	moves = slices.DeleteFunc(moves, func(m rules.Move) bool {
		return !m.HasTag(rules.Capture) && !m.HasTag(rules.EnPassant) && m.Promo() != rules.Queen
	})
	for _, m := range s.ordered(pos, moves) {
		next := after(pos, &m)
		v := -s.quiet(next, next.ValidMoves(), bounds{-b.beta, -b.alpha}, ply+1)
		if stand = max(stand, v); stand >= b.beta {
			break
		}
		b.alpha = max(b.alpha, stand)
	}
	return stand
}

// ordered puts first what is likely to be good: the most valuable piece taken by
// the least, then promotions and checks.
func (s *search) ordered(pos *rules.Position, moves []rules.Move) []rules.Move {
	board := pos.Board()
	promise := func(m *rules.Move) int {
		n := 0
		if taken := board.Piece(m.S2()); taken != rules.NoPiece {
			n += 10*worth(taken.Type()) - worth(board.Piece(m.S1()).Type())
		}
		if m.Promo() == rules.Queen {
			n += 5000
		}
		if m.HasTag(rules.Check) {
			n += 200
		}
		return n
	}
	slices.SortStableFunc(moves, func(a, b rules.Move) int { return cmp.Compare(promise(&b), promise(&a)) })
	return moves
}

// evaluate is what a position is worth to the side that moves, by a look at it.
func evaluate(pos *rules.Position) int {
	sum, heavy := 0, 0
	b := pos.Board()
	var kings [2]rules.Square
	for sq := rules.A1; sq <= rules.H8; sq++ {
		p := b.Piece(sq)
		if p == rules.NoPiece {
			continue
		}
		kind, sign, rank := p.Type(), 1, int(sq.Rank())
		if p.Color() == rules.Black {
			sign, rank = -1, 7-rank
		}
		middle := 3 - max(abs(2*int(sq.File())-7), abs(2*int(sq.Rank())-7))/2
		switch kind {
		case rules.King:
			kings[(1-sign)/2] = sq
		case rules.Pawn:
			sum += sign * (4*rank + 4*middle)
		case rules.Rook:
			sum += sign * 10 * (rank / 6)
			heavy += 5
		default:
			sum += sign * 8 * middle
			heavy += worth(kind) / 100
		}
		sum += sign * worth(kind)
	}
	sum += sheltered(kings[0], 0, heavy) - sheltered(kings[1], 7, heavy)
	if pos.Turn() == rules.Black {
		return -sum
	}
	return sum
}

// sheltered is where a king is well: at home in a corner while there are pieces
// about, in the middle afterwards.
func sheltered(king rules.Square, home, heavy int) int {
	middle := 3 - max(abs(2*int(king.File())-7), abs(2*int(king.Rank())-7))/2
	if heavy < 20 {
		return 12 * middle
	}
	corner := 0
	if f := king.File(); int(king.Rank()) == home && (f >= rules.FileG || f <= rules.FileC) {
		corner = 25
	}
	return corner - 10*abs(int(king.Rank())-home)
}

func abs(n int) int { return max(n, -n) }
