package sqlstore_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// postgresServer is the URL of a server on which tests may make what they like.
func postgresServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv("SALLYPORT_TEST_POSTGRES")
	if server == "" {
		t.Skip("SALLYPORT_TEST_POSTGRES is not set to the postgres:// URL of a server on which databases may be made")
	}
	return server
}

// onPostgres makes a schema of the test's own, and drops it afterwards.
func onPostgres(t testing.TB, server string) sqlstore.Options {
	t.Helper()
	schema := "test_" + strings.ToLower(strings.NewReplacer("-", "0", "_", "1").Replace(oauth.NewID("")))
	admin := postgresPool(t, server)
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return sqlstore.Options{Database: u.String()}
}

func postgresPool(t testing.TB, server string) *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { db.Close() })
	return db
}

// onEach runs a test on every engine that is there.
func onEach(t *testing.T, test func(t *testing.T, o sqlstore.Options)) {
	t.Run("SQLite", func(t *testing.T) { test(t, onSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, onPostgres(t, postgresServer(t))) })
}

func open(t testing.TB, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func event(kind string) store.Event { return store.Event{At: time.Now(), Kind: kind} }
