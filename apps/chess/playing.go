package chess

import (
	"context"
	"errors"
	"fmt"
)

type (
	nothing struct{}
	newIn   struct {
		Side string `json:"side,omitempty" jsonschema:"which side the person plays"`
	}
	// A place says about which position a call is.
	place struct {
		FEN     string   `json:"fen,omitempty" jsonschema:"a position; without it, the call is about the game of the person who is signed in"`
		History []string `json:"move_history,omitempty" jsonschema:"with fen: the moves that led to it from the start of the game"`
		Version int64    `json:"version,omitempty" jsonschema:"without fen: the version that was seen last; if the game has moved on since, nothing is done"`
	}
	moveIn struct {
		Move string `json:"move" jsonschema:"a move such as e4, Nf3, O-O or e7e8q, or several"`
		place
	}
	engineIn struct {
		Depth int `json:"depth,omitempty" jsonschema:"how many half-moves to look ahead, at most"`
		place
	}
	analyzeIn struct {
		FEN   string `json:"fen,omitempty" jsonschema:"a position; without it, that of the person's own game"`
		Depth int    `json:"depth,omitempty" jsonschema:"how many half-moves to look ahead, at most"`
	}
	legalIn struct {
		FEN string `json:"fen,omitempty" jsonschema:"a position; without it, that of the person's own game"`
	}
)

func (c *chess) newGame(ctx context.Context, in newIn) (answer, error) {
	return c.anew(ctx, in.Side, "A new game.\n")
}

func (c *chess) reset(ctx context.Context, _ nothing) (answer, error) {
	return c.anew(ctx, "", "The game is back at the beginning.\n")
}

// anew puts the start in place of whatever is kept; the side stays where none is
// named. What is kept may be damaged.
func (c *chess) anew(ctx context.Context, side, text string) (answer, error) {
	was, err := c.own(ctx, 0)
	if err != nil {
		return answer{}, err
	}
	g := game{play: newPlay(), kept: was.kept, side: was.side}
	if side != "" {
		g.side = side
	}
	if err := c.keep(ctx, &g); err != nil {
		return answer{}, err
	}
	a := about(g.play, g.show())
	a.text = text
	return a, nil
}

func (c *chess) status(ctx context.Context, _ nothing) (answer, error) {
	g, err := c.own(ctx, 0)
	if err != nil {
		return answer{}, err
	}
	return about(g.play, g.show()), nil
}

func (c *chess) applyMove(ctx context.Context, in moveIn) (answer, error) {
	return c.change(ctx, in.place, func(p *play) (*opinion, error) {
		return nil, tell(p.makeAll(in.Move))
	})
}

func (c *chess) engineMove(ctx context.Context, in engineIn) (answer, error) {
	return c.change(ctx, in.place, func(p *play) (*opinion, error) {
		if s := p.state(); s.over() {
			return nil, tell(fmt.Errorf("the game is over: %s. Start another with new_game", s))
		}
		t, err := c.engine.think(ctx, p.pos, in.Depth)
		if err != nil {
			return nil, err
		}
		o := t.opinion(p.pos)
		return &o, tell(p.make(t.best))
	})
}

// change changes the position that a call is about: the one it brings, or, as one
// step, that of its caller's own game.
func (c *chess) change(ctx context.Context, at place, do func(*play) (*opinion, error)) (answer, error) {
	if at.FEN == "" {
		return c.changeOwn(ctx, at.Version, do)
	}
	p, err := playKnowing(at.FEN, at.History)
	if err != nil {
		return answer{}, tell(err)
	}
	o, err := do(p)
	if err != nil {
		return answer{}, err
	}
	r := p.show()
	r.Engine = o
	return about(p, r), nil
}

func (c *chess) changeOwn(ctx context.Context, version int64, do func(*play) (*opinion, error)) (answer, error) {
	g, err := c.own(ctx, version)
	if err != nil {
		return answer{}, err
	}
	if g.damage != "" {
		return answer{}, tell(errors.New(g.damage + " Nothing was changed. status shows how far it can be read; new_game begins another"))
	}
	o, err := do(g.play)
	if err != nil {
		return answer{}, err
	}
	if err := c.keep(ctx, &g); err != nil {
		return answer{}, err
	}
	r := g.show()
	r.Engine = o
	return about(g.play, r), nil
}

// look is the position that a call is about, to be looked at.
func (c *chess) look(ctx context.Context, fen string) (*play, result, error) {
	if fen == "" {
		g, err := c.own(ctx, 0)
		if err != nil {
			return nil, result{}, err
		}
		return g.play, g.show(), nil
	}
	p, err := playFrom(fen)
	if err != nil {
		return nil, result{}, tell(err)
	}
	return p, p.show(), nil
}

func (c *chess) analyze(ctx context.Context, in analyzeIn) (answer, error) {
	p, r, err := c.look(ctx, in.FEN)
	if err != nil || p.state().over() {
		return answer{result: r}, err
	}
	t, err := c.engine.think(ctx, p.pos, in.Depth)
	if err != nil {
		return answer{}, err
	}
	o := t.opinion(p.pos)
	r.Engine = &o
	return about(p, r), nil
}

func (c *chess) legalMoves(ctx context.Context, in legalIn) (answer, error) {
	p, r, err := c.look(ctx, in.FEN)
	if err != nil {
		return answer{}, err
	}
	a := about(p, r)
	for _, m := range a.legal {
		a.Moves = append(a.Moves, m.SAN)
	}
	return a, nil
}
