package login

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
)

// people is the real store, which counts lookups and fails when it is told to.
type people struct {
	*sqlstore.Store
	lookups atomic.Int64
	fail    error
}

func newPeople(t *testing.T, now func() time.Time) *people {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: migrated.File(t), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &people{Store: s}
}

func (p *people) PersonByUsername(ctx context.Context, username string) (oauth.Person, error) {
	p.lookups.Add(1)
	if p.fail != nil {
		return oauth.Person{}, p.fail
	}
	return p.Store.PersonByUsername(ctx, username)
}
