package chess

import (
	"fmt"
	"regexp"
	"strings"

	rules "github.com/corentings/chess/v2"
)

const (
	maxMoveText = 2000 // characters of move
	maxMoves    = 200  // half-moves in one call
	maxHistory  = 1000 // half-moves of a game
)

// written is one half-move as people and programs write it: Nf3, Ngf3, e2e4,
// e7-e8=Q, exd5 e.p., O-O.
var written = regexp.MustCompile(`^([KQRBN]?)([a-h]?)([1-8]?)[x:-]?([a-h][1-8])(?:=?\(?([QRBNqrbn])\)?)?$`)

var moveNumber = regexp.MustCompile(`^[0-9]{1,4}\.+`)

// splitMoves takes a text of one or several moves apart: "1. e4 e5 2. Nf3".
func splitMoves(text string) ([]string, error) {
	if len(text) > maxMoveText {
		return nil, fmt.Errorf("move is longer than %d characters; send fewer moves at once", maxMoveText)
	}
	var all []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' || r == '\t' || r == '\r' }) {
		word = moveNumber.ReplaceAllString(word, "")
		if word != "" && word != "e.p." && word != "ep" {
			all = append(all, word)
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("move is empty; send a move such as e4, Nf3, O-O or e7e8q")
	case len(all) > maxMoves:
		return nil, fmt.Errorf("these are %d moves, and %d can be made at once", len(all), maxMoves)
	}
	return all, nil
}

// findMove is the legal move that a text means. A text that could mean two, or
// none, is an error that lists what is legal.
//
// It goes through the legal moves instead of using the library's decoder, which
// leaves out what it takes for too much: there Nbd2 is also the knight on f3.
func findMove(pos *rules.Position, text string) (*rules.Move, error) {
	want, castle, ok := readMove(text)
	if !ok {
		return nil, fmt.Errorf("%q is not a move. Write it as e4, Nf3, exd5, O-O, e8=Q, or as e2e4. %s", brief(text), sayLegal(pos))
	}
	var found []rules.Move
	for _, m := range pos.ValidMoves() {
		if castle == 0 && want.fits(pos, &m) || castle != 0 && m.HasTag(castle) {
			found = append(found, m)
		}
	}
	// A pawn that arrives with nothing said becomes a queen, for whoever drags it.
	if len(found) == 4 && found[0].Promo() != rules.NoPieceType && found[0].S1() == found[3].S1() {
		for _, m := range found {
			if m.Promo() == rules.Queen {
				found = []rules.Move{m}
				break
			}
		}
	}
	switch len(found) {
	case 1:
		return &found[0], nil
	case 0:
		return nil, fmt.Errorf("%s is not legal here; it is %s's move. %s", brief(text), side(pos.Turn()), sayLegal(pos))
	}
	names := make([]string, len(found))
	for i := range found {
		names[i] = san(pos, &found[i])
	}
	return nil, fmt.Errorf("%s could be any of: %s. Say which", brief(text), strings.Join(names, ", "))
}

// wanted is what is written of a move; what is not written fits everything.
type wanted struct{ piece, file, rank, to, promotion string }

func readMove(text string) (w wanted, castle rules.MoveTag, ok bool) {
	text = strings.TrimRight(text, "+#!?")
	text = strings.TrimSuffix(text, "e.p.")
	switch strings.ToUpper(strings.ReplaceAll(text, "0", "O")) {
	case "O-O":
		return w, rules.KingSideCastle, true
	case "O-O-O":
		return w, rules.QueenSideCastle, true
	}
	parts := written.FindStringSubmatch(text)
	if parts == nil {
		return w, 0, false
	}
	return wanted{parts[1], parts[2], parts[3], parts[4], strings.ToLower(parts[5])}, 0, true
}

func (w wanted) fits(pos *rules.Position, m *rules.Move) bool {
	piece := pos.Board().Piece(m.S1()).Type()
	from := m.S1().String()
	written := strings.ToLower(w.piece)
	// e2e4 names no piece, and Nf3 no square.
	wholeSquare := w.file != "" && w.rank != ""
	return m.S2().String() == w.to &&
		(w.file == "" || from[:1] == w.file) && (w.rank == "" || from[1:] == w.rank) &&
		(written == piece.String() || written == "" && (wholeSquare || piece == rules.Pawn)) &&
		(w.promotion == "" || w.promotion == m.Promo().String())
}

// after is the position after a legal move.
//
// The library takes a pawn that becomes a knight for one that gives check where
// a queen would have given it, and would then forbid to castle and take a
// stalemate for a mate. Reading the position anew finds out.
func after(pos *rules.Position, m *rules.Move) *rules.Position {
	next := pos.Update(m)
	if m.Promo() == rules.NoPieceType {
		return next
	}
	form, err := next.MarshalBinary()
	if err == nil {
		err = next.UnmarshalBinary(form)
	}
	if err != nil {
		panic(err) // what the library has written, it reads
	}
	return next
}

// san is a move as people write it.
func san(pos *rules.Position, m *rules.Move) string {
	text := rules.AlgebraicNotation{}.Encode(pos, m)
	if m.Promo() == rules.NoPieceType {
		return text
	}
	text = strings.TrimRight(text, "+#")
	switch next := after(pos, m); {
	case !inCheck(next):
		return text
	case len(next.ValidMoves()) == 0:
		return text + "#"
	}
	return text + "+"
}

// uci is a move as programs write it.
func uci(m *rules.Move) string { return m.S1().String() + m.S2().String() + m.Promo().String() }

// sayLegal lists the legal moves for a model to choose from.
func sayLegal(pos *rules.Position) string {
	moves := pos.ValidMoves()
	if len(moves) == 0 {
		return "The game is over: there is no legal move. Start another with new_game."
	}
	names := make([]string, len(moves))
	for i := range moves {
		names[i] = san(pos, &moves[i])
	}
	return "Legal moves: " + strings.Join(names, ", ")
}

// brief is a stranger's text where it is said back.
func brief(text string) string {
	if len(text) > 12 {
		text = text[:12]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
