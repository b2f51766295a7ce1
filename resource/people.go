package resource

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/sallyport-dev/sallyport/oauth"
)

// How many people are remembered, and for how long: a changed name is seen
// within the minute.
const (
	maxPeople = 10_000
	personAge = time.Minute
)

// people remembers who a subject is, so that a guarded call reads nothing. It
// has no goroutine of its own: what is too old is replaced when it is needed.
type people struct {
	lookup func(context.Context, string) (oauth.Person, error)
	now    func() time.Time
	cache  *otter.Cache[string, seenPerson]
}

type seenPerson struct {
	oauth.Person
	at time.Time
}

func newPeople(lookup func(context.Context, string) (oauth.Person, error), now func() time.Time) *people {
	return &people{
		lookup: lookup, now: now,
		cache: otter.Must(&otter.Options[string, seenPerson]{MaximumSize: maxPeople}),
	}
}

func (p *people) person(ctx context.Context, subject string) (oauth.Person, error) {
	now := p.now()
	if seen, ok := p.cache.GetIfPresent(subject); ok && now.Sub(seen.at) < personAge {
		return seen.Person, nil
	}
	person, err := p.lookup(ctx, subject)
	if err == nil {
		p.cache.Set(subject, seenPerson{person, now})
	}
	return person, err
}
