package sqlstore

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/store"
)

func TestACommitIsFlushedToTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sallyport.db")
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := newWriter(s.engine.(*sqliteEngine).writer.open)
	defer w.disconnect()
	if err := w.connect(); err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "fullfsync": "1", "checkpoint_fullfsync": "1", "busy_timeout": "10000",
	} {
		var got string
		if err := w.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s, %v", pragma, got, want, err)
		}
	}
}

func TestATransactionThatEndsHalfwayIsUndoneAloneAmongMany(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "sallyport.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	undoneAloneAmongMany(t, s)
}

func TestATransactionThatEndsHalfwayIsUndoneOnPostgreSQLToo(t *testing.T) {
	e, schema := engineOnPostgres(t), nameOfOwn()
	if _, err := e.db.ExecContext(t.Context(), `CREATE SCHEMA `+schema); err != nil {
		t.Fatal(err)
	}
	defer e.db.Exec(`DROP SCHEMA ` + schema + ` CASCADE`)
	s := &Store{engine: engineOnPostgres(t, "search_path", schema)}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	undoneAloneAmongMany(t, s)
}

// undoneAloneAmongMany counts up from many goroutines, of which every other one
// then asks for what is not there.
func undoneAloneAmongMany(t *testing.T, s *Store) {
	t.Helper()
	up := run(`UPDATE event_count SET n = n + 1`)
	missing := must(`DELETE FROM clients WHERE id = 'nobody'`)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			var err, want error
			if i%2 == 0 {
				_, err = s.write(t.Context(), up, up)
			} else {
				want = store.ErrNotFound
				_, err = s.write(t.Context(), up, missing, up)
			}
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	wg.Wait()
	if n, err := one(t.Context(), s, number, `SELECT n FROM event_count`); err != nil || n != 32 {
		t.Errorf("counted to %d, want 32, %v", n, err)
	}
}
