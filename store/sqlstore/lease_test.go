package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// leaseWithOthers says which connections it may refresh, and renews them.
func leaseWithOthers(s *sqlstore.Store) error {
	ctx := context.Background()
	for i := range codes {
		c, err := s.Connection(ctx, store.Connection{Person: strconv.Itoa(i), Login: "github", Resource: "r"})
		if err != nil {
			return err
		}
		if string(c.Sealed) != "first" {
			continue // somebody has renewed it already
		}
		won, err := s.LeaseConnection(ctx, c, time.Now().Add(time.Hour))
		if err != nil {
			return err
		}
		if !won {
			continue
		}
		fmt.Println(i)
		to := c
		to.Version, to.Sealed = oauth.NewDigest(), []byte("second")
		if won, err := s.RenewConnection(ctx, c.Version, to); err != nil || !won {
			return errors.Join(errors.New("who has the lease could not renew"), err)
		}
	}
	return nil
}

func TestOfSeveralProcessesOneMayRefreshAConnection(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s := open(t, o)
		for i := range codes {
			id := strconv.Itoa(i)
			c := store.Connection{Person: id, Login: "github", Resource: "r", Version: oauth.NewDigest(), Sealed: []byte("first"), Connected: time.Now()}
			if err := errors.Join(s.AddPerson(t.Context(), oauth.Person{ID: id, Username: id}), s.Connect(t.Context(), c)); err != nil {
				t.Fatal(err)
			}
		}
		once(t, together(t, 4, "lease", o), 0, codes)
	})
}
