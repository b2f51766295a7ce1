package chess

import rules "github.com/corentings/chess/v2"

// attackers are the squares from which pieces of a color attack a square, pinned
// ones too. The library knows, and does not say.
func attackers(b *rules.Board, at rules.Square, by rules.Color) []rules.Square {
	var from []rules.Square
	look := func(steps [][2]int, slides bool, kinds ...rules.PieceType) {
		for _, step := range steps {
			for sq, ok := move(at, step); ok; sq, ok = move(sq, step) {
				p := b.Piece(sq)
				if p.Color() == by && is(p, kinds) {
					from = append(from, sq)
				}
				if p != rules.NoPiece || !slides {
					break
				}
			}
		}
	}
	straight := [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}
	diagonal := [][2]int{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}
	look(straight, true, rules.Rook, rules.Queen)
	look(diagonal, true, rules.Bishop, rules.Queen)
	look(straight, false, rules.King)
	look(diagonal, false, rules.King)
	look([][2]int{{1, 2}, {2, 1}, {-1, 2}, {-2, 1}, {1, -2}, {2, -1}, {-1, -2}, {-2, -1}}, false, rules.Knight)
	back := -1 // a white pawn attacks from the rank below
	if by == rules.Black {
		back = 1
	}
	look([][2]int{{1, back}, {-1, back}}, false, rules.Pawn)
	return from
}

func is(p rules.Piece, kinds []rules.PieceType) bool {
	for _, k := range kinds {
		if p.Type() == k {
			return true
		}
	}
	return false
}

// move goes files and ranks from a square, if that stays on the board.
func move(sq rules.Square, step [2]int) (rules.Square, bool) {
	file, rank := int(sq.File())+step[0], int(sq.Rank())+step[1]
	if file < 0 || file > 7 || rank < 0 || rank > 7 {
		return rules.NoSquare, false
	}
	return rules.NewSquare(rules.File(file), rules.Rank(rank)), true
}

func kingOf(b *rules.Board, color rules.Color) rules.Square {
	king := rules.NewPiece(rules.King, color)
	for sq := rules.A1; sq <= rules.H8; sq++ {
		if b.Piece(sq) == king {
			return sq
		}
	}
	return rules.NoSquare
}

// inCheck reports whether the side that moves is in check.
func inCheck(pos *rules.Position) bool {
	king := kingOf(pos.Board(), pos.Turn())
	return len(attackers(pos.Board(), king, pos.Turn().Other())) > 0
}
