package sqlstore_test

import (
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

func TestToCloseAStoreAgainIsHarmless(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s, err := sqlstore.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada"}); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Append(t.Context(), event("late")); err == nil {
			t.Error("a store that is closed was written to")
		}
		if _, err := s.Person(t.Context(), "ada"); err == nil {
			t.Error("a store that is closed was read")
		}
		again := open(t, o)
		if _, err := again.Person(t.Context(), "ada"); err != nil {
			t.Error(err)
		}
	})
}
