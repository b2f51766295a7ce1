package authserver_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// steps are what someone does who has a code, a refresh token and a session, and
// what it says when the store cannot write. A reading one works all the same.
func steps(s *scene) []struct {
	line   string
	writes bool
} {
	return []struct {
		line   string
		writes bool
	}{
		{"GET /.well-known/oauth-authorization-server", false},
		{"GET /oauth/authorize client_id=cli response_type=code code_challenge=$s256.a code_challenge_method=S256 prompt=consent", false},
		{"GET /account", false},
		{"POST /oauth/token grant_type=authorization_code client_id=cli code=$c code_verifier=$v.a", true},
		{"POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=$t.refresh", true},
		{"POST /oauth/revoke client_id=cli token=$t.refresh", true},
		{`register {"redirect_uris":["https://new.example/cb"],"token_endpoint_auth_method":"none"}`, true},
		{"POST /consent ix=$ix csrf=$csrf decision=allow", true},
		{"POST /account/revoke grant=$grant csrf=$revoke", true},
		{"POST /login csrf=$login username=ada password=correct%20horse%20battery", true},
		// The replay of a code that was redeemed: what it should end stays for the
		// next time, and the replay is not told that it succeeded.
		{"POST /oauth/token grant_type=authorization_code client_id=cli code=$used code_verifier=$v.a", true},
	}
}

// beforeTheFault is a scene with everything that the steps need.
func beforeTheFault(t *testing.T) *scene {
	s := newScene(t, usual()).listen()
	for _, line := range []string{
		"person ada", "client cli https://cli.example/callback", "sign-in ada",
		"tokens t client=cli", "code used client=cli verifier=a",
		"POST /oauth/token grant_type=authorization_code client_id=cli code=$used code_verifier=$v.a",
		"code c client=cli verifier=a",
		"GET /oauth/authorize client_id=cli response_type=code code_challenge=$s256.a code_challenge_method=S256 scope=tickets:write prompt=consent",
		"save ix location ix", "GET /consent ix=$ix", "save csrf form csrf",
		"GET /account", "save grant form grant", "GET /account/revoke grant=$grant", "save revoke form csrf",
		"GET /login", "save login form csrf", "grants 2",
	} {
		if err := s.perform(line); err != nil {
			t.Fatal(line, err)
		}
	}
	return s
}

// whileFaulty performs every step: what writes is refused with a 5xx that says
// nothing of why, the log says it, and nothing is half done.
func whileFaulty(t *testing.T, s *scene, readsToo bool, cause string) {
	t.Helper()
	s.faulty = true
	for _, step := range steps(s) {
		if !step.writes && !readsToo {
			if err := s.perform(step.line); err != nil || s.last.status >= 500 {
				t.Error(step.line, s.last, err)
			}
			continue
		}
		if !step.writes && strings.Contains(step.line, "well-known") {
			continue // it is in memory
		}
		before := len(s.log.String())
		if err := s.perform(step.line); err != nil {
			t.Error(step.line, err)
		}
		if s.last.status < 500 || s.last.header.Get("Location") != "" || s.last.header.Get("Set-Cookie") != "" {
			t.Error(step.line, s.last)
		}
		for _, detail := range []string{"sql", "SQL", "disk", "closed", "database", "write", "access_token", "refresh_token"} {
			if strings.Contains(s.last.body, detail) {
				t.Errorf("%s: the answer says %q: %s", step.line, detail, s.last)
			}
		}
		if said := s.log.String()[before:]; !strings.Contains(said, `"level":"ERROR"`) || !strings.Contains(said, cause) {
			t.Errorf("%s: the log does not say why: %s", step.line, said)
		}
	}
	s.faulty = false
}

// afterTheFault: nothing was spent, nobody was signed out, nothing was revoked by
// half; and everything that was refused can be done again.
func afterTheFault(t *testing.T, s *scene) {
	t.Helper()
	for _, line := range []string{
		"grants 2", "GET /account", "status 200",
		"POST /oauth/token grant_type=authorization_code client_id=cli code=$c code_verifier=$v.a", "status 200", "grants 3",
		"POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=$t.refresh", "status 200",
		"POST /consent ix=$ix csrf=$csrf decision=allow", "leads-to https://cli.example/callback?code=",
		"POST /oauth/token grant_type=authorization_code client_id=cli code=$used code_verifier=$v.a", "status 400", "grants 2",
		"audit code.replayed", "clients 0",
		`register {"redirect_uris":["https://new.example/cb"],"token_endpoint_auth_method":"none"}`, "status 201",
		"POST /oauth/revoke client_id=cli token=$t.refresh", "status 200", "grants 1",
		"POST /login csrf=$login username=ada password=correct%20horse%20battery", "location /account",
	} {
		if err := s.perform(line); err != nil {
			t.Errorf("%s: %v; the last answer was %s", line, err, s.last)
		}
	}
	s.gaveNothingAway()
}

// A store that was closed under the server: everything that needs it is refused,
// and nothing panics.
func TestAClosedStore(t *testing.T) {
	s := beforeTheFault(t)
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	whileFaulty(t, s, true, "closed")
	if strings.Contains(s.log.String(), `"panic"`) {
		t.Error("something panicked")
	}
	s.gaveNothingAway()
}

// Clients that hang up in the middle of a refresh, at any moment, never lose their
// grant: the token that they hold, or its successor, is answered. Covers A12 F10 F11.
func TestHangingUpInTheMiddleOfARefresh(t *testing.T) {
	s := race(t)
	s.faulty = true
	current := s.vars["first.refresh"]
	for range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		for _, r := range s.refreshes(2, current) {
			hangUp(s.client(), r.WithContext(ctx), cancel)
		}
		cancel()
		if err := s.perform("POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=" + current); err != nil || s.last.status != http.StatusOK {
			t.Fatal("the grant is lost: ", s.last, err)
		}
		next, err := s.member("refresh_token")
		if err != nil {
			t.Fatal(err)
		}
		current = next
	}
	if err := s.checkAudit("grant.replayed"); err == nil {
		t.Error("someone honest was taken for a thief")
	}
	nothingBroke(t, s)
}

// hangUp sends a request and ends it some microseconds later.
func hangUp(client *http.Client, r *http.Request, cancel context.CancelFunc) {
	defer time.AfterFunc(time.Duration(rand.IntN(2000))*time.Microsecond, cancel).Stop()
	if res, err := client.Do(r); err == nil {
		res.Body.Close()
	}
}

// Whoever hangs up while a code is redeemed has redeemed it or has not: afterwards
// it is good once, or it is a replay; never twice, never neither.
func TestHangingUpInTheMiddleOfARedemption(t *testing.T) {
	s := race(t)
	s.faulty = true
	redeemed, replayed := 0, 0
	for range 40 {
		if err := s.perform("code c client=cli verifier=a"); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"cli"}, "code": {s.vars["c"]}, "code_verifier": {verifier("a")}}
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "POST", s.url+"/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		hangUp(s.client(), r, cancel)
		cancel()
		if err := s.perform("POST /oauth/token grant_type=authorization_code client_id=cli code=$c code_verifier=$v.a"); err != nil {
			t.Fatal(err)
		}
		switch s.last.status {
		case http.StatusOK:
			redeemed++
		case http.StatusBadRequest:
			replayed++
		default:
			t.Error(s.last)
		}
	}
	t.Logf("%d were redeemed afterwards, %d had been", redeemed, replayed)
	nothingBroke(t, s)
}

// Many hang up at once, everywhere.
func TestHangingUpEverywhere(t *testing.T) {
	s := race(t)
	var all sync.WaitGroup
	for range 20 {
		for _, path := range []string{"/oauth/token", "/oauth/register", "/oauth/revoke", "/oauth/introspect", "/login", "/consent", "/oauth/authorize"} {
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, "POST", s.url+path, strings.NewReader(
					"client_id=cli&grant_type=refresh_token&refresh_token="+s.vars["first.refresh"]+"&token="+s.vars["first.access"]))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				hangUp(s.client(), r, cancel)
			})
		}
	}
	all.Wait()
	nothingBroke(t, s)
}

// nothingBroke: hanging up is nobody's fault, so it is no server error, and it is
// answered, to nobody, as what it is.
func nothingBroke(t *testing.T, s *scene) {
	t.Helper()
	log := s.log.String()
	for _, unwanted := range []string{`"panic"`, `"error":"server_error"`} {
		if strings.Contains(log, unwanted) {
			t.Error("the log says", unwanted, log)
		}
	}
	if err := s.perform("GET /account"); err != nil || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A fault of the database is no refusal of whoever comes by an upstream: they are
// not told that they may not come in, and whoever answers for the server reads why.
func TestAFaultWhileSomebodyComesBack(t *testing.T) {
	given := usual()
	given.upstreams = []string{"github"}
	s := newScene(t, given).listen()
	for _, line := range []string{"person root", "GET /login", "leave github", "elsewhere github ada"} {
		if err := s.perform(line); err != nil {
			t.Fatal(line, err)
		}
	}
	// SQLite keeps what it is given: a time that is none cannot be read.
	s.statement(`UPDATE people SET created_at = 'out of order'`)
	s.faulty = true
	if err := s.perform("GET $back"); err != nil {
		t.Fatal(err)
	}
	if s.last.status != http.StatusInternalServerError || strings.Contains(s.last.body, "first account") || strings.Contains(s.last.body, "out of order") {
		t.Error(s.last)
	}
	if !strings.Contains(s.log.String(), "out of order") || !strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error("the log does not say why:", s.log.String())
	}
	s.statement(`UPDATE people SET created_at = 1`)
	s.faulty = false
	for _, line := range []string{"GET /login", "through github ada", "location /account"} {
		if err := s.perform(line); err != nil {
			t.Error(line, err, s.last)
		}
	}
	s.gaveNothingAway()
}

// statement does something to the database that no program of ours would do.
func (s *scene) statement(text string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(s.t.Context(), text); err != nil {
		s.t.Fatal(err)
	}
}
