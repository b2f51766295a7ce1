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

// people remembers who a subject is, so that a guarded call reads nothing.
type people struct {
	cache  *otter.Cache[string, oauth.Person]
	loader otter.Loader[string, oauth.Person]
}

func newPeople(lookup func(context.Context, string) (oauth.Person, error)) *people {
	return &people{
		cache: otter.Must(&otter.Options[string, oauth.Person]{
			MaximumSize:      maxPeople,
			ExpiryCalculator: otter.ExpiryWriting[string, oauth.Person](personAge),
		}),
		loader: otter.LoaderFunc[string, oauth.Person](lookup),
	}
}

func (p *people) person(ctx context.Context, subject string) (oauth.Person, error) {
	return p.cache.Get(ctx, subject, p.loader)
}
