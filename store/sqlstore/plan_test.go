package sqlstore

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// listening notes every text that goes to an engine.
type listening struct {
	engine
	heard map[string]bool
}

func (l *listening) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	l.heard[text] = true
	return l.engine.query(ctx, text, args)
}

func (l *listening) write(ctx context.Context, work []statement) (int64, error) {
	for _, st := range work {
		l.heard[st.text] = true
	}
	return l.engine.write(ctx, work)
}

// What is asked for by strangers, or at every request, or while the door is
// shut, may not look at every row. Looking for those who may be first, and
// counting the registered, is over an index and stops or is seldom.
func TestNoStatementLooksAtEveryRow(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "sallyport.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	heard := map[string]bool{}
	s.engine = &listening{s.engine, heard}
	callEverything(t, s)
	s.engine = s.engine.(*listening).engine
	if len(heard) < 30 {
		t.Errorf("only %d texts were heard", len(heard))
	}
	scan := regexp.MustCompile(`^SCAN (flows|grants|g|clients|sessions|consents|connections|assertions|events|t)\b`)
	for text := range heard {
		for _, step := range plan(t, s, text) {
			if scan.MatchString(step) && !strings.Contains(text, "COUNT(*)") {
				t.Errorf("%s\n\tin %s", step, text)
			}
			if strings.Contains(step, "grants_by_client") && strings.Contains(text, "subject = ") {
				t.Errorf("all grants of a client are looked at for one person\n\tin %s", text)
			}
			if strings.Contains(step, "TEMP B-TREE FOR ORDER BY") && !strings.Contains(text, "FROM keys") {
				t.Errorf("%s\n\tin %s", step, text)
			}
		}
	}
}

func plan(t *testing.T, s *Store, text string) []string {
	t.Helper()
	highest := 0
	for _, m := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(text, -1) {
		if n := int(m[1][0] - '0'); len(m[1]) == 1 {
			highest = max(highest, n)
		} else {
			highest = max(highest, 10*n+int(m[1][1]-'0'))
		}
	}
	steps, err := all(t.Context(), s, func(r row) (string, error) {
		var id, parent, unused int64
		var step string
		err := r.Scan(&id, &parent, &unused, &step)
		return step, err
	}, "EXPLAIN QUERY PLAN "+text, make([]any, highest)...)
	if err != nil {
		t.Fatalf("%v\n\tin %s", err, text)
	}
	return steps
}

// callEverything calls every method but those that list everything.
func callEverything(t *testing.T, s *Store) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	if err := s.AddPerson(ctx, oauth.Person{ID: "ada", Username: "ada"}); err != nil {
		t.Fatal(err)
	}
	g := grantOf("ada")
	if err := s.Create(ctx, g); err != nil {
		t.Fatal(err)
	}
	client := oauth.Client{ID: "c1", Source: oauth.FromRegistration}
	session := oauth.Session{ID: oauth.NewDigest(), Subject: "ada", Expires: now.Add(time.Hour)}
	consent := oauth.Consent{Subject: "ada", ClientID: "c1", Scope: oauth.NewScope("read")}
	// What they answer is for the contract tests.
	_, _ = s.Grant(ctx, g.ID)
	_, _ = s.Rotate(ctx, g.ID, g.Generation, oauth.Generation{N: 2, Parent: 1}, g.Expires)
	for _, which := range []store.GrantFilter{{ID: g.ID}, {Subject: "bob"}, {ClientID: "c2"}, {Subject: "bob", ClientID: "c2", Resource: "r"}} {
		_, _ = s.Revoke(ctx, which, "revoked")
		_, _ = s.Grants(ctx, which, "", 10)
		which.IncludeEnded = true
		_, _ = s.Grants(ctx, which, "", 10)
	}
	_, _ = s.Revoked(ctx, now)
	_, _ = s.Register(ctx, client)
	_, _ = s.Clients(ctx, "", 10)
	_, _ = s.CountRegistered(ctx)
	_, _ = s.RemoveIdle(ctx, now.Add(1000*time.Hour), 10)
	_, _ = s.Register(ctx, client)
	_ = s.Touch(ctx, "c1")
	_, _ = s.PersonByUsername(ctx, "ada")
	_, _ = s.People(ctx, "", 10)
	_ = s.AddIdentified(ctx, oauth.Person{ID: "p", Username: "p"}, oauth.Identity{Issuer: "i", Subject: "1"}, false)
	_, _ = s.Identified(ctx, "i", "1")
	_ = s.Link(ctx, "ada", oauth.Identity{Issuer: "i", Subject: "2"})
	_, _ = s.Identities(ctx, "ada")
	callConnections(ctx, s)
	_ = s.OpenSession(ctx, session)
	_, _, _ = s.Session(ctx, session.ID)
	_ = s.CloseSession(ctx, session.ID)
	_ = s.SetPassword(ctx, "ada", "hash")
	_, _ = s.Rehash(ctx, "ada", "hash", "other")
	_ = s.Remember(ctx, consent)
	_, _ = s.Remembered(ctx, consent)
	_ = s.Forget(ctx, consent)
	_ = s.SpendAssertion(ctx, oauth.NewDigest(), now)
	_ = s.Append(ctx, store.Event{Kind: "user.added"})
	_, _ = s.Events(ctx, 0, 10)
	_ = s.Follow(ctx, []store.Flow{{ID: "A"}, {GrantID: "g"}})
	_, _ = s.Flow(ctx, "A")
	_, _ = s.Flows(ctx, store.Flow{}, 10)
	_, _ = s.PruneFlows(ctx, now, 10)
	_, _ = s.Prune(ctx, now.Add(1000*time.Hour), 10)
	_ = s.RemoveClient(ctx, "c1")
	_ = s.SetDisabled(ctx, "ada", true)
	_ = s.RemovePerson(ctx, "ada")
}

func callConnections(ctx context.Context, s *Store) {
	now := time.Now()
	connection := store.Connection{Person: "ada", Login: "github", Resource: "r", Version: oauth.NewDigest()}
	_ = s.Connect(ctx, connection)
	_, _ = s.Connection(ctx, connection)
	_, _ = s.Connections(ctx, "ada")
	_, _ = s.LeaseConnection(ctx, connection, now.Add(time.Minute))
	_ = s.ReleaseConnection(ctx, connection, now.Add(time.Minute))
	_, _ = s.RenewConnection(ctx, connection.Version, connection)
	_, _ = s.KillConnection(ctx, connection)
	_ = s.Disconnect(ctx, connection)
}

// PostgreSQL updates a row in place when no index knows of what changed.
func TestNothingThatARefreshChangesIsIndexed(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "sallyport.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	indexes, err := all(t.Context(), s, func(r row) (string, error) {
		var text string
		err := r.Scan(&text)
		return text, err
	}, `SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'grants' AND sql IS NOT NULL`)
	if err != nil || len(indexes) == 0 {
		t.Fatalf("%d indexes, %v", len(indexes), err)
	}
	for _, text := range indexes {
		for _, column := range []string{"generation", "parent", "rotated_at", "expires_at"} {
			if strings.Contains(text, column) {
				t.Errorf("%s is in %s", column, text)
			}
		}
	}
}

// What was revoked since a code was issued is few rows, however many grants there
// are of the person, of the client, or that ended at that time.
func TestARedemptionLooksOnlyAtWhatThePersonRevokedSince(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "sallyport.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	steps := strings.Join(plan(t, s, createGrant), "\n")
	for _, want := range []string{"ended USING INDEX grants_revoked_by_subject (subject=? AND revoked_at>?)", "used USING COVERING INDEX sqlite_autoindex_grants_2 (code_id=?)"} {
		if !strings.Contains(steps, want) {
			t.Errorf("no %q in\n%s", want, steps)
		}
	}
}
