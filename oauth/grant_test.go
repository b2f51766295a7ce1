package oauth

import (
	"fmt"
	"testing"
	"time"
)

func TestPresent(t *testing.T) {
	g := Generation{N: 5, Parent: 3}
	for _, c := range []struct {
		name      string
		g         Generation
		presented int64
		since     time.Duration
		next      Generation
		verdict   Verdict
	}{
		{"the first token is rotated", Generation{N: 1}, 1, time.Hour, Generation{2, 1}, Advance},
		{"the current token is rotated", g, 5, 0, Generation{6, 5}, Advance},
		{"the current token is rotated, however late", g, 5, 80 * 24 * time.Hour, Generation{6, 5}, Advance},
		{"its parent at once gets the same successor", g, 3, 0, g, Repeat},
		{"its parent within 60 seconds gets the same successor", g, 3, 60 * time.Second, g, Repeat},
		{"its parent, where clocks differ, gets the same successor", g, 3, -30 * time.Second, g, Repeat},
		{"its parent later gets a new successor, and stays the parent", g, 3, 60*time.Second + 1, Generation{6, 3}, Advance},
		{"a successor that was made void is a replay", g, 4, 0, g, Replayed},
		{"the parent's parent is a replay", g, 2, 0, g, Replayed},
		{"the first is a replay", g, 1, time.Hour, g, Replayed},
		{"one that was never made is a replay", g, 6, 0, g, Replayed},
		{"zero is a replay", g, 0, 0, g, Replayed},
		{"a negative one is a replay", g, -1, 0, g, Replayed},
		{"zero is not the parent of the first", Generation{N: 1}, 0, 0, Generation{N: 1}, Replayed},
		{"a grant without a generation has no token", Generation{}, 0, 0, Generation{}, Replayed},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, verdict := c.g.Present(c.presented, c.since)
			if next != c.next || verdict != c.verdict {
				t.Errorf("got %+v, %d", next, verdict)
			}
		})
	}
}

// chain is the rule of refresh as people are told it: tokens that were used,
// have successors and can be void. It knows nothing of generations.
type chain struct{ tokens []link }

type link struct {
	used      bool
	usedAt    time.Duration
	successor int
	void      bool
}

// present returns the token that is answered, or false for a replay.
func (c *chain) present(i int, now time.Duration) (int, bool) {
	if i < 0 || i >= len(c.tokens) {
		return 0, false
	}
	t := &c.tokens[i]
	switch {
	case t.void: // "or when it was itself made void: a replay"
		return 0, false
	case !t.used:
		return c.succeed(i, now), true
	case c.tokens[t.successor].used: // "once its successor was used [...]: a replay"
		return 0, false
	case now-t.usedAt <= RefreshGrace: // "within 60 seconds and with its successor unused: the same successor again"
		return t.successor, true
	default: // "later, its successor still unused: a new successor, and the old successor is void"
		c.tokens[t.successor].void = true
		return c.succeed(i, now), true
	}
}

func (c *chain) succeed(i int, now time.Duration) int {
	c.tokens = append(c.tokens, link{})
	c.tokens[i].used, c.tokens[i].usedAt, c.tokens[i].successor = true, now, len(c.tokens)-1
	return len(c.tokens) - 1
}

// TestTwoIntegersAreTheWholeRule tries every order in which tokens can be
// presented, six times in a row, at once and after the grace period, and asks
// the rule in words and the rule in two integers.
func TestTwoIntegersAreTheWholeRule(t *testing.T) {
	tried := 0
	var walk func(c chain, g Generation, rotated, now time.Duration, story string, left int)
	walk = func(c chain, g Generation, rotated, now time.Duration, story string, left int) {
		if left == 0 {
			return
		}
		for _, wait := range []time.Duration{0, RefreshGrace, RefreshGrace + 1} {
			for token := -1; token <= len(c.tokens); token++ {
				tried++
				story := fmt.Sprintf("%s, after %v token %d", story, wait, token+1)
				mine := chain{append([]link(nil), c.tokens...)}
				now := now + wait
				answer, ok := mine.present(token, now)
				next, verdict := g.Present(int64(token)+1, now-rotated)
				if ok != (verdict != Replayed) || ok && next.N != int64(answer)+1 || verdict == Repeat && next != g {
					t.Fatalf("%s: %+v becomes %+v, %d; the rule says %d, %t", story, g, next, verdict, answer+1, ok)
				}
				switch verdict {
				case Advance:
					walk(mine, next, now, now, story, left-1)
				case Repeat:
					walk(mine, g, rotated, now, story, left-1)
				}
			}
		}
	}
	walk(chain{make([]link, 1)}, Generation{N: 1}, 0, 0, "at first", 6)
	if tried < 10000 {
		t.Errorf("only %d orders were tried", tried)
	}
}
