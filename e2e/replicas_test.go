package e2e

import (
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// newDatabase makes an empty PostgreSQL database for the test.
func newDatabase(t *testing.T) string {
	t.Helper()
	server := postgres.or(t)
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "e2e_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// twoReplicas serves one installation twice, as behind a load balancer. The
// second answers at another port under the same public URL. more is YAML.
func twoReplicas(t *testing.T, more string) (first, second *door) {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	database := newDatabase(t)
	first = newDoor(t, fmt.Sprintf("database: %q\nencryption_key: %q\n%s", database, base64.StdEncoding.EncodeToString(key), more))
	first.database = database
	listen := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	second = &door{URL: first.URL, MCP: first.MCP, at: "http://" + listen, t: t, settings: first.settings,
		args: []string{"--listen", listen}, log: &transcript{}}
	t.Cleanup(func() {
		second.close()
		if t.Failed() {
			t.Logf("what the second replica wrote last:\n%s", second.log.tail(40))
		}
	})
	second.open()
	return first, second
}
