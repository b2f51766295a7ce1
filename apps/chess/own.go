package chess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store"
)

// A game is somebody's own.
type game struct {
	*play
	kept store.Belonging
	side string
	// damage is what is wrong with what is kept, in a sentence; empty: nothing. play is
	// then as far as it can be read, and there is no going on from there.
	damage string
}

// kept is how a game is written down: the moves from the usual start.
type kept struct {
	Side  string   `json:"side"`
	Moves []string `json:"moves"`
}

var (
	errMovedOn = errors.New("the game has moved on since, perhaps on another device, and nothing was changed; call status to see it")
	errNobody  = &refusal{code: oauth.InvalidToken, says: "sign in to have a game of your own",
		text: "Nobody is signed in, so there is no game to go on with. Call new_game, for which the client asks the person to " +
			"sign in; or give fen with every call, which needs no sign-in, and begins with " + startFEN}
	errMayNot = &refusal{code: oauth.InsufficientScope, says: "the token does not permit to play the person's own game",
		text: "The person has not allowed this client to play their own game. Ask them to, or give fen, which needs no permission."}
)

// owner is whose game a call is about.
func (c *chess) owner(ctx context.Context) (resource.Caller, error) {
	who, known := resource.CallerFrom(ctx)
	switch {
	case !known || who.Anonymous || who.Subject == "":
		return who, errNobody
	case !who.Scope.Covers(c.ownGame):
		return who, errMayNot
	}
	return who, nil
}

// own is the game of whoever calls: a new one, not kept yet, where they have
// none, and as much of it as can be read where what is kept is damaged. version is
// what the caller has seen; 0: nothing is said of it.
func (c *chess) own(ctx context.Context, version int64) (game, error) {
	who, err := c.owner(ctx)
	if err != nil {
		return game{}, err
	}
	b, err := c.games.Belonging(ctx, who.Resource, who.Subject)
	if errors.Is(err, store.ErrNotFound) {
		b, err = store.Belonging{Resource: who.Resource, Subject: who.Subject}, nil
	}
	if err != nil {
		return game{}, err
	}
	if version != 0 && version != b.Version {
		return game{}, errMovedOn
	}
	g := game{play: newPlay(), kept: b, side: "white"}
	if b.Version == 0 {
		return g, nil
	}
	if err := g.read(b.Content); err != nil {
		c.log.Error("a kept game is damaged", "resource", who.Resource, "subject", who.Subject, "version", b.Version, "cause", err.Error())
	}
	return g, nil
}

// read reads what is kept, as far as that makes sense.
func (g *game) read(content []byte) error {
	var k kept
	if err := json.Unmarshal(content, &k); err != nil {
		g.damage = "What is kept of this game cannot be read any more."
		return err
	}
	if k.Side == "black" {
		g.side = k.Side
	}
	for i, text := range k.Moves {
		if err := g.make(text); err != nil {
			g.damage = fmt.Sprintf("What is kept of this game is damaged: of %d half-moves only the first %d can be played.", len(k.Moves), i)
			return fmt.Errorf("half-move %d: %w", i+1, err)
		}
	}
	return nil
}

// keep writes a game down, if it is still what was read.
func (c *chess) keep(ctx context.Context, g *game) error {
	content, err := json.Marshal(kept{Side: g.side, Moves: g.moves})
	if err != nil {
		return err
	}
	g.kept.Content = content
	done, err := c.games.Keep(ctx, g.kept)
	switch {
	case err != nil:
		return err
	case !done:
		return errMovedOn
	}
	g.kept.Version++
	return nil
}

func (g game) show() result {
	r := g.play.show()
	r.Saved, r.Version, r.Side, r.Damage = true, g.kept.Version, g.side, g.damage
	return r
}

// memory keeps games until the program ends.
type memory struct {
	mu  sync.Mutex // guards all
	all map[[2]string]store.Belonging
}

// Belonging implements [store.Belongings].
func (m *memory) Belonging(_ context.Context, resource, subject string) (store.Belonging, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.all[[2]string{resource, subject}]
	if !ok {
		return b, store.ErrNotFound
	}
	return b, nil
}

// Keep implements [store.Belongings].
func (m *memory) Keep(_ context.Context, b store.Belonging) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{b.Resource, b.Subject}
	if m.all[key].Version != b.Version {
		return false, nil
	}
	if m.all == nil {
		m.all = map[[2]string]store.Belonging{}
	}
	b.Version++
	m.all[key] = b
	return true, nil
}
