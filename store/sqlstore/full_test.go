package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sqlitelib "modernc.org/sqlite/lib"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// withLimit opens a store whose file may not grow beyond limit pages, where
// limit is not 0. It is SQLite's own limit, and the error is that of a full disk.
func withLimit(t *testing.T, limit *atomic.Int64) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sallyport.db")
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	// The writer connects at the first write, and again after each failure.
	s.engine.(*sqliteEngine).writer.open = func() (*sql.DB, error) {
		if n := limit.Load(); n > 0 {
			return openFile(path, 1, fmt.Sprintf("max_page_count(%d)", n))
		}
		return openFile(path, 1)
	}
	return s
}

func grantOf(subject string) oauth.Grant {
	return oauth.Grant{ID: oauth.NewID("g_"), CodeID: oauth.NewDigest(), Subject: subject, ClientID: "c1",
		Expires: time.Now().Add(time.Hour), Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}}
}

func TestOnAFullDiskNothingIsHalfDone(t *testing.T) {
	var limit atomic.Int64
	limit.Store(60)
	s := withLimit(t, &limit)
	if err := s.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada"}); err != nil {
		t.Fatal(err)
	}
	kept, refused := fill(t, s)
	if len(kept) == 0 || len(refused) == 0 {
		t.Fatalf("%d kept, %d refused", len(kept), len(refused))
	}
	for _, id := range kept {
		if _, err := s.Grant(t.Context(), id); err != nil {
			t.Errorf("an acknowledged grant: %v", err)
		}
	}
	for _, id := range refused {
		if _, err := s.Grant(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a refused grant: %v", err)
		}
	}
	before := appendUntilFull(t, s)

	limit.Store(0)
	// The connection is made anew after a failure only.
	if err := s.Append(t.Context(), store.Event{Kind: "after"}); err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(t.Context(), before, 10)
	if err != nil || len(events) != 1 || events[0].ID != before+1 {
		t.Errorf("after %d came %v, %v", before, events, err)
	}
	if err := s.Create(t.Context(), grantOf("ada")); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// fill creates grants from many goroutines until there is no room.
func fill(t *testing.T, s *Store) (kept, refused []string) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 100 {
				g := grantOf("ada")
				err := s.Create(t.Context(), g)
				if err != nil && sqliteCode(err) != sqlitelib.SQLITE_FULL {
					t.Error(err)
				}
				mu.Lock()
				if err == nil {
					kept = append(kept, g.ID)
				} else {
					refused = append(refused, g.ID)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return kept, refused
}

// appendUntilFull returns the id of the last event for which there was room. An
// event is two statements; the number that the first one took is to be free
// again when the second one fails.
func appendUntilFull(t *testing.T, s *Store) int64 {
	t.Helper()
	for n := int64(0); ; n++ {
		err := s.Append(t.Context(), store.Event{Kind: "before", Detail: fmt.Sprintf("%01000d", n)})
		if sqliteCode(err) == sqlitelib.SQLITE_FULL {
			return n
		}
		if err != nil || n > 1000 {
			t.Fatalf("after %d: %v", n, err)
		}
	}
}

func TestWhatOthersAskForSurvivesOneThatFails(t *testing.T) {
	var limit atomic.Int64
	limit.Store(60)
	s := withLimit(t, &limit)
	if err := s.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada"}); err != nil {
		t.Fatal(err)
	}
	g := grantOf("ada")
	if err := s.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	appendUntilFull(t, s)
	// A refresh changes a row in place, for which there is room; the event
	// beside it in the same batch has none.
	var batch []*job
	for n := int64(1); n <= 8; n++ {
		batch = append(batch,
			&job{ctx: t.Context(), work: []statement{run(rotateGrant, g.ID, n, n-1, n+1, n, s.now(), g.Expires.UnixMilli())}},
			&job{ctx: t.Context(), work: []statement{run(`INSERT INTO events (id, at, kind, actor, subject, client_id, grant_id, detail)
				VALUES ($1, 0, '', '', '', '', '', $2)`, 1000+n, fmt.Sprintf("%010000d", n))}})
	}
	w := newWriter(s.engine.(*sqliteEngine).writer.open)
	defer w.disconnect()
	w.commit(batch)
	for i, j := range batch {
		switch {
		case i%2 == 0 && (j.err != nil || j.n != 1):
			t.Errorf("rotation %d: %d, %v", i/2, j.n, j.err)
		case i%2 == 1 && sqliteCode(j.err) != sqlitelib.SQLITE_FULL:
			t.Errorf("event %d: %v", i/2, j.err)
		}
	}
	if got, err := s.Grant(t.Context(), g.ID); err != nil || got.Generation.N != 9 {
		t.Errorf("generation %+v, %v", got.Generation, err)
	}
}
