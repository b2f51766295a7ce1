package e2e

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// late answers when it is told to, and has acted by then.
type late func() (fault standin.Fault, acted <-chan struct{}, release func())

// lasting is a service whose refresh tokens go on being good: it gives newer tokens, and
// takes the older ones again.
func lasting() (standin.Fault, <-chan struct{}, func()) {
	acted, open := make(chan struct{}), make(chan struct{})
	return standin.Answer(func(w http.ResponseWriter, _ *http.Request) {
		close(acted)
		<-open
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"gho_never_saved","token_type":"bearer","scope":"repo","expires_in":28800,"refresh_token":"ghr_never_saved"}`)
	}), acted, sync.OnceFunc(func() { close(open) })
}

// interrupted kills the first replica when GitHub has answered a refresh, and before that
// is written: locked locks the database, and waits waits until somebody wants to write.
func (b *borrowed) interrupted(t *testing.T, answers late, locked func() (unlock func()), waits func()) {
	t.Helper()
	fault, rotated, release := answers()
	defer release()
	b.github.FailTimes(1, standin.Token, fault)
	cut := make(chan error, 1)
	go func() {
		_, _, err := b.call(t.Context(), b.first)
		cut <- err
	}()
	<-rotated
	unlock := locked()
	release()
	<-b.told
	waits()
	b.first.kill()
	unlock()
	if err := <-cut; err == nil {
		t.Error("the replica was killed, and answered")
	}
}

// mended is what everybody sees of a connection whose renewal was lost: the caller of a
// tool, the client, the operator and the person.
func (b *borrowed) mended(t *testing.T) {
	t.Helper()
	status, _, err := b.call(t.Context(), b.first)
	if status != http.StatusUnauthorized || err != nil {
		t.Fatalf("the call is answered %d, %v", status, err)
	}
	if tool := b.tool(t); !strings.Contains(tool, "/connect/github?for=") || !strings.Contains(tool, "GitHub is not connected") {
		t.Errorf("the caller of a tool gets no link to connect: %s", tool)
	}
	if a, err := b.client.refresh(t.Context(), b.refresh); a.Error != "invalid_grant" || err != nil {
		t.Errorf("a refresh of the client is answered %+v, %v", a, err)
	}
	account, err := url.Parse(b.first.URL + "/account")
	if err != nil {
		t.Fatal(err)
	}
	if page, err := b.ada.Deliver(t.Context(), account); err != nil || !strings.Contains(page, "GitHub has ended the connection.") {
		t.Errorf("the person's page does not say that it ended: %v\n%s", err, page)
	}
	b.connect(t)
	if status, _, err := b.call(t.Context(), b.first); status != http.StatusOK || err != nil {
		t.Errorf("connected again, the call is answered %d, %v", status, err)
	}
	b.first.close() // what waits is written
	said := b.first.log.String()
	for _, want := range []string{"begun and never saved", "what the upstream gave for it is lost", "the person has to connect again"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	listed := b.first.run("", "flows", "list")
	var shown string
	for _, flow := range regexp.MustCompile(`(?m)^([2-9A-Z]{4}-[2-9A-Z]{4}) `).FindAllStringSubmatch(listed, -1) {
		shown += b.first.run("", "flows", "show", flow[1])
	}
	if !strings.Contains(shown, "the tokens of that answer are lost") {
		t.Errorf("no flow says what was lost:\n%s%s", listed, shown)
	}
}

// tool calls a tool, and returns the answer.
func (b *borrowed) tool(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.first.MCP, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"any"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"Bearer " + b.access}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	res, err := oneShot.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return string(text)
}

// TestARenewalThatAKilledProcessCouldNotSave: GitHub's refresh tokens are good once, so
// what it gave is lost with the process that had it. The lease that it left behind says
// so. Where the older one goes on being good, nothing is lost, and that is said, too.
func TestARenewalThatAKilledProcessCouldNotSave(t *testing.T) {
	for name, answers := range map[string]late{"refresh tokens are good once": standin.Late, "refresh tokens go on being good": lasting} {
		t.Run(name, func(t *testing.T) {
			b := borrowAt(t, func(more string) (first, second *door) {
				return newDoor(t, more), nil
			})
			b.interrupted(t, answers, func() func() {
				return hold(t, b.first.db(), "BEGIN IMMEDIATE")
			}, func() {})
			b.leaseEnds(t)
			b.first.open()
			if name == "refresh tokens are good once" {
				b.mended(t)
				return
			}
			if status, _, err := b.call(t.Context(), b.first); status != http.StatusOK || err != nil {
				t.Errorf("the call is answered %d, %v", status, err)
			}
			b.first.close() // its log is whole
			if said := b.first.log.String(); !strings.Contains(said, "begun and never saved, and nothing is lost") {
				t.Error("the log does not say that nothing is lost")
			}
		})
	}
}

// TestARenewalThatAKilledReplicaCouldNotSave is the same with PostgreSQL: where the write
// had reached the database, it counts, although nobody waits for it any more; where the
// way there was cut, it does not.
func TestARenewalThatAKilledReplicaCouldNotSave(t *testing.T) {
	for name, cut := range map[string]bool{"the write had not reached the database": true, "the write had reached the database": false} {
		t.Run(name, func(t *testing.T) {
			b := borrow(t)
			db := b.first.db()
			b.interrupted(t, standin.Late, func() func() {
				unlock := hold(t, db, "BEGIN; SELECT 1 FROM connections FOR UPDATE")
				return func() {
					if cut {
						run(t, db, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)
					}
					unlock()
				}
			}, func() {
				until(t, db, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE connections%' AND datname = current_database()`)
			})
			b.second.close()
			if !cut {
				until(t, db, `SELECT count(*) FROM connections WHERE leased_until IS NULL`)
				b.first.open()
				if status, _, err := b.call(t.Context(), b.first); status != http.StatusOK || err != nil {
					t.Errorf("the call is answered %d, %v", status, err)
				}
				b.first.close()
				if said := b.first.log.String(); strings.Contains(said, "never saved") {
					t.Error("the log says that something was lost")
				}
				return
			}
			b.leaseEnds(t)
			b.first.open()
			b.mended(t)
		})
	}
}

// hold begins a transaction that nobody else can write beside.
func hold(t *testing.T, db *sql.DB, begin string) (unlock func()) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split(begin, "; ") {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		conn.Close()
	}
}

func run(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// until waits for a count to be one.
func until(t *testing.T, db *sql.DB, count string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var n int
		if err := db.QueryRowContext(ctx, count).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			return
		}
		<-tick.C
	}
}
