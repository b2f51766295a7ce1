package chess

import (
	"fmt"
	"slices"

	rules "github.com/corentings/chess/v2"
)

// worth is what pieces are worth in hundredths of a pawn.
func worth(kind rules.PieceType) int {
	return [...]int{rules.King: 0, rules.Pawn: 100, rules.Knight: 320, rules.Bishop: 330, rules.Rook: 500, rules.Queen: 900}[kind]
}

func nameOf(kind rules.PieceType) string {
	return [...]string{rules.King: "king", rules.Pawn: "pawn", rules.Knight: "knight", rules.Bishop: "bishop", rules.Rook: "rook", rules.Queen: "queen"}[kind]
}

const maxHints = 5

// hints is what a coach would say to the side that moves: what to look at, and
// not what to do.
func (p *play) hints() []string {
	list := []string{}
	if p.state().over() {
		return list
	}
	moves := p.pos.ValidMoves()
	if inCheck(p.pos) {
		list = append(list, fmt.Sprintf("You are in check; %s.", many(len(moves), "move gets", "moves get")+" you out of it"))
	}
	if slices.ContainsFunc(moves, func(m rules.Move) bool { return mates(p.pos, &m) }) {
		list = append(list, "There is a mate in one.")
	}
	mine := p.pos.Turn()
	list = append(list, hanging(p.pos.Board(), mine, "Your %s on %s is attacked and not defended.", "Your %s on %s is attacked by something worth less.")...)
	list = append(list, hanging(p.pos.Board(), mine.Other(), "Their %s on %s is attacked and not defended.", "Their %s on %s is attacked by something worth less.")...)
	if slices.ContainsFunc(moves, func(m rules.Move) bool { return m.HasTag(rules.KingSideCastle) || m.HasTag(rules.QueenSideCastle) }) {
		list = append(list, "You may castle.")
	}
	if slices.ContainsFunc(moves, func(m rules.Move) bool { return m.Promo() == rules.Queen }) {
		list = append(list, "A pawn of yours can be promoted.")
	}
	if clock := p.pos.HalfMoveClock(); clock >= 80 {
		list = append(list, fmt.Sprintf("Without a capture or a move of a pawn the game is drawn in %s.", many((101-clock)/2, "move", "moves")))
	}
	if len(list) == 0 {
		list = append(list, balance(p.pos.Board(), mine))
	}
	return list[:min(len(list), maxHints)]
}

func mates(pos *rules.Position, m *rules.Move) bool {
	next := after(pos, m)
	return inCheck(next) && len(next.ValidMoves()) == 0
}

// hanging says which pieces of a color can be won, by a look at each by itself.
func hanging(b *rules.Board, color rules.Color, open, cheap string) []string {
	var list []string
	for sq := rules.A1; sq <= rules.H8; sq++ {
		p := b.Piece(sq)
		if p == rules.NoPiece || p.Color() != color || p.Type() == rules.King {
			continue
		}
		by := attackers(b, sq, color.Other())
		if len(by) == 0 {
			continue
		}
		least := slices.MinFunc(by, func(a, c rules.Square) int { return worth(b.Piece(a).Type()) - worth(b.Piece(c).Type()) })
		kind := b.Piece(least).Type()
		switch {
		case len(attackers(b, sq, color)) == 0:
			list = append(list, fmt.Sprintf(open, nameOf(p.Type()), sq))
		case kind != rules.King && worth(kind)+50 < worth(p.Type()):
			list = append(list, fmt.Sprintf(cheap, nameOf(p.Type()), sq))
		}
	}
	return list
}

func balance(b *rules.Board, mine rules.Color) string {
	sum := 0
	for _, p := range b.SquareMap() {
		if p.Color() == mine {
			sum += worth(p.Type())
		} else {
			sum -= worth(p.Type())
		}
	}
	switch {
	case sum >= 100:
		return "You have more pieces: to exchange some makes that count for more."
	case sum <= -100:
		return "They have more pieces: keep yours, and look for what attacks two things at once."
	}
	return "Neither side has more: bring out the pieces that have not moved, and keep your king safe."
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
