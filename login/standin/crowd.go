package standin

import (
	"slices"
	"sync/atomic"
)

// A crowd is the people of a stand-in. It may be replaced while it is read.
type crowd[P any] struct{ now atomic.Pointer[[]P] }

func (c *crowd[P]) set(people []P) {
	people = slices.Clone(people)
	c.now.Store(&people)
}

func (c *crowd[P]) all() []P { return *c.now.Load() }

func (c *crowd[P]) find(is func(P) bool) (P, bool) {
	all := c.all()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var nobody P
	return nobody, false
}

// first is whom the first good one of these names finds; otherwise, who is first
// among all.
func (c *crowd[P]) first(find func(name string) (P, bool), names []string) P {
	for _, name := range names {
		if p, ok := find(name); ok {
			return p
		}
	}
	return c.all()[0]
}
