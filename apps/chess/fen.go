package chess

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	rules "github.com/corentings/chess/v2"
)

const (
	startFEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"

	maxFEN   = 100 // characters; the longest possible position has fewer
	maxClock = 150 // half-moves without a pawn's move or a capture; there every game is over
	maxCount = 5000
)

// parseFEN reads a position, and refuses whatever cannot come up in a game where
// an engine or the rules would rely on it: kings, pawns on the last ranks, more
// pieces than there are pawns to become them, a king that could be taken, rights
// to castle without the king and the rook for it.
//
// The library's own reading of FEN keeps the ranks in a variable that all of its
// callers share, so that two people's boards could be mixed up.
func parseFEN(text string) (*rules.Position, error) {
	if len(text) > maxFEN {
		return nil, badFEN("it is longer than %d characters", maxFEN)
	}
	fields := strings.Fields(text)
	if len(fields) == 4 { // counters are often left out
		fields = append(fields, "0", "1")
	}
	if len(fields) != 6 {
		return nil, badFEN("it has %d fields and not 6", len(fields))
	}
	squares, err := parseBoard(fields[0])
	if err != nil {
		return nil, err
	}
	if err := checkPieces(squares); err != nil {
		return nil, err
	}
	p := fenParts{board: rules.NewBoard(squares), squares: squares}
	if err := p.state(fields[1:]); err != nil {
		return nil, err
	}
	return p.position()
}

func badFEN(format string, args ...any) error {
	return fmt.Errorf("fen is not a position: %s. Give back the fen of the last result, or one such as %s", fmt.Sprintf(format, args...), startFEN)
}

func parseBoard(text string) (map[rules.Square]rules.Piece, error) {
	ranks := strings.Split(text, "/")
	if len(ranks) != 8 {
		return nil, badFEN("the board has %d ranks and not 8", len(ranks))
	}
	squares := map[rules.Square]rules.Piece{}
	for i, rank := range ranks {
		file := 0
		for _, c := range []byte(rank) {
			switch piece := pieceOf(c); {
			case c >= '1' && c <= '8':
				file += int(c - '0')
			case piece == rules.NoPiece:
				return nil, badFEN("rank %d has something that is no piece", 8-i)
			case file < 8:
				squares[rules.NewSquare(rules.File(file), rules.Rank(7-i))] = piece
				file++
			default:
				file++
			}
			if file > 8 {
				break
			}
		}
		if file != 8 {
			return nil, badFEN("rank %d has not 8 squares", 8-i)
		}
	}
	return squares, nil
}

func pieceOf(c byte) rules.Piece {
	kinds := map[byte]rules.PieceType{'k': rules.King, 'q': rules.Queen, 'r': rules.Rook, 'b': rules.Bishop, 'n': rules.Knight, 'p': rules.Pawn}
	if kind, ok := kinds[c]; ok {
		return rules.NewPiece(kind, rules.Black)
	}
	if kind, ok := kinds[c|0x20]; ok && c < 'a' {
		return rules.NewPiece(kind, rules.White)
	}
	return rules.NoPiece
}

func checkPieces(squares map[rules.Square]rules.Piece) error {
	for _, color := range []rules.Color{rules.White, rules.Black} {
		count := map[rules.PieceType]int{}
		for sq, p := range squares {
			if p.Color() != color {
				continue
			}
			count[p.Type()]++
			if p.Type() == rules.Pawn && (sq.Rank() == rules.Rank1 || sq.Rank() == rules.Rank8) {
				return badFEN("a pawn stands on the first or the last rank")
			}
		}
		promoted := max(count[rules.Queen]-1, 0) + max(count[rules.Rook]-2, 0) + max(count[rules.Bishop]-2, 0) + max(count[rules.Knight]-2, 0)
		switch {
		case count[rules.King] != 1:
			return badFEN("%s has %d kings", side(color), count[rules.King])
		case count[rules.Pawn]+promoted > 8:
			return badFEN("%s has more pieces than there are", side(color))
		}
	}
	return nil
}

// fenParts is a position on its way.
type fenParts struct {
	squares map[rules.Square]rules.Piece
	board   *rules.Board
	turn    rules.Color
	rights  string
	passant rules.Square
	clock   int
	count   int
}

// state reads what follows the board: turn, castling, en passant, counters.
func (p *fenParts) state(fields []string) error {
	switch fields[0] {
	case "w":
		p.turn = rules.White
	case "b":
		p.turn = rules.Black
	default:
		return badFEN("the side that moves is neither w nor b")
	}
	if err := p.castling(fields[1]); err != nil {
		return err
	}
	if err := p.enPassant(fields[2]); err != nil {
		return err
	}
	var err error
	if p.clock, err = strconv.Atoi(fields[3]); err != nil || p.clock < 0 || p.clock > maxClock {
		return badFEN("the half-move clock is not between 0 and %d", maxClock)
	}
	if p.count, err = strconv.Atoi(fields[4]); err != nil || p.count < 1 || p.count > maxCount {
		return badFEN("the move number is not between 1 and %d", maxCount)
	}
	return nil
}

func (p *fenParts) castling(text string) error {
	if text == "-" {
		return nil
	}
	corners := map[rune][2]rules.Square{
		'K': {rules.E1, rules.H1}, 'Q': {rules.E1, rules.A1}, 'k': {rules.E8, rules.H8}, 'q': {rules.E8, rules.A8},
	}
	for _, c := range text {
		at, ok := corners[c]
		if !ok || strings.ContainsRune(p.rights, c) {
			return badFEN("the castling rights are not - or some of KQkq")
		}
		color := rules.White
		if c >= 'a' {
			color = rules.Black
		}
		if p.squares[at[0]] != rules.NewPiece(rules.King, color) || p.squares[at[1]] != rules.NewPiece(rules.Rook, color) {
			return badFEN("it has a right to castle, and the king or the rook has left its square")
		}
		p.rights += string(c)
	}
	return nil
}

func (p *fenParts) enPassant(text string) error {
	p.passant = rules.NoSquare
	if text == "-" {
		return nil
	}
	rank, step, pawn := byte('6'), rules.Square(-8), rules.BlackPawn
	if p.turn == rules.Black {
		rank, step, pawn = '3', 8, rules.WhitePawn
	}
	if len(text) != 2 || text[0] < 'a' || text[0] > 'h' || text[1] != rank {
		return badFEN("the square for en passant is not - or on rank %c", rank)
	}
	at := rules.NewSquare(rules.File(text[0]-'a'), rules.Rank(rank-'1'))
	if p.squares[at] != rules.NoPiece || p.squares[at-step] != rules.NoPiece || p.squares[at+step] != pawn {
		return badFEN("no pawn has just passed the square for en passant")
	}
	p.passant = at
	return nil
}

// position puts the parts together in the library's binary form: the only one
// that it reads without sharing anything, and that notes who is in check.
func (p *fenParts) position() (*rules.Position, error) {
	form, err := p.board.MarshalBinary()
	if err != nil {
		return nil, err
	}
	flags := byte(0)
	for i, c := range "KQkq" {
		if strings.ContainsRune(p.rights, c) {
			flags |= 1 << i
		}
	}
	if p.turn == rules.Black {
		flags |= 1 << 4
	}
	if p.passant != rules.NoSquare {
		flags |= 1 << 5
	}
	form = append(form, byte(p.clock))
	form = binary.BigEndian.AppendUint16(form, uint16(p.count))
	form = append(form, byte(p.passant), flags)
	var pos, other rules.Position
	if err := pos.UnmarshalBinary(form); err != nil {
		return nil, err
	}
	// Whoever has just moved cannot have left their king to be taken.
	form[len(form)-1] ^= 1 << 4
	if err := other.UnmarshalBinary(form); err != nil {
		return nil, err
	}
	if inCheck(&other) {
		return nil, badFEN("%s is in check, and it is not their move", side(other.Turn()))
	}
	return &pos, nil
}

func side(c rules.Color) string {
	if c == rules.Black {
		return "black"
	}
	return "white"
}
