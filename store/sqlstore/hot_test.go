package sqlstore_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

func TestPostgreSQLRotatesInPlace(t *testing.T) {
	server := postgresServer(t)
	o := onPostgres(t, server)
	rotateOften(t, o, 100)
	u, err := url.Parse(o.Database)
	if err != nil {
		t.Fatal(err)
	}
	db := postgresPool(t, server)
	// A connection reports what it did when it ends, a moment after it is closed.
	for range time.Tick(20 * time.Millisecond) {
		var updated, inPlace int64
		err := db.QueryRowContext(t.Context(), `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
			WHERE schemaname = $1 AND relname = 'grants'`, u.Query().Get("search_path")).Scan(&updated, &inPlace)
		if err != nil {
			t.Fatal(err)
		}
		if updated < 100 {
			continue
		}
		if inPlace < 90 {
			t.Errorf("of %d rotations %d were in place", updated, inPlace)
		}
		return
	}
}

func rotateOften(t *testing.T, o sqlstore.Options, times int64) {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada"}); err != nil {
		t.Fatal(err)
	}
	g := newGrant("ada")
	if err := s.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= times; n++ {
		from, to := oauth.Generation{N: n, Parent: n - 1}, oauth.Generation{N: n + 1, Parent: n}
		if won, err := s.Rotate(t.Context(), g.ID, from, to, g.Expires); err != nil || !won {
			t.Fatalf("won %v, %v", won, err)
		}
	}
}
