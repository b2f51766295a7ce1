package sqlstore

import (
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

// nameOfOwn is for a table or a schema that no other test has.
func nameOfOwn() string {
	return "test_" + strings.ToLower(strings.NewReplacer("-", "0", "_", "1").Replace(oauth.NewID("")))
}

// engineOnPostgres opens an engine with parameters of its own.
func engineOnPostgres(t *testing.T, parameters ...string) *postgresEngine {
	t.Helper()
	server := os.Getenv("SALLYPORT_TEST_POSTGRES")
	if server == "" {
		t.Skip("SALLYPORT_TEST_POSTGRES is not set to the postgres:// URL of a server on which databases may be made")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	u.RawQuery = query.Encode()
	e, err := openPostgres(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestAPostgreSQLThatForgetsIsMadeToRemember(t *testing.T) {
	for given, want := range map[string]string{"off": "on", "on": "on", "local": "local", "remote_apply": "remote_apply"} {
		e := engineOnPostgres(t, "synchronous_commit", given, "default_transaction_isolation", "serializable")
		var commit, isolation string
		err := e.db.QueryRowContext(t.Context(), `SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation')`).
			Scan(&commit, &isolation)
		if err != nil || commit != want || isolation != "read committed" {
			t.Errorf("synchronous_commit = %s became %s, isolation is %s, %v", given, commit, isolation, err)
		}
	}
}

func TestTheURLBoundsTheConnections(t *testing.T) {
	if n := engineOnPostgres(t).db.Stats().MaxOpenConnections; n != poolSize {
		t.Errorf("%d connections", n)
	}
	if n := engineOnPostgres(t, "pool_max_conns", "7").db.Stats().MaxOpenConnections; n != 7 {
		t.Errorf("%d connections", n)
	}
}

func TestTransactionsThatDeadlockAreTriedAgain(t *testing.T) {
	e := engineOnPostgres(t, "deadlock_timeout", "50ms")
	table := nameOfOwn()
	if _, err := e.db.ExecContext(t.Context(), `CREATE TABLE `+table+` (id BIGINT PRIMARY KEY, n BIGINT);
		INSERT INTO `+table+` SELECT i, 0 FROM generate_series(1, 2) i`); err != nil {
		t.Fatal(err)
	}
	defer e.db.Exec(`DROP TABLE ` + table)
	const rounds, callers = 10, 4
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for range rounds {
				// must makes it a transaction of several round trips.
				one := must(`UPDATE `+table+` SET n = n + 1 WHERE id = $1`, 1+caller%2)
				other := must(`UPDATE `+table+` SET n = n + 1 WHERE id = $1`, 2-caller%2)
				if _, err := e.write(t.Context(), []statement{one, other}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var lost int64
	err := e.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table+` WHERE n <> $1`, rounds*callers).Scan(&lost)
	if err != nil || lost != 0 {
		t.Errorf("%d rows were not counted right, %v", lost, err)
	}
}
