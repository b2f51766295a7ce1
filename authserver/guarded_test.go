package authserver_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// lives are how long things live: "given lives access=1h refresh=720h code=30s".
type lives struct{ access, refresh, code time.Duration }

func (l *lives) read(words string) error {
	given, err := pairs(words)
	if err != nil {
		return err
	}
	for name, into := range map[string]*time.Duration{"access": &l.access, "refresh": &l.refresh, "code": &l.code} {
		if given.Has(name) {
			*into, err = time.ParseDuration(given.Get(name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// named are scopes of which the first is granted by default.
func named(names []string) (all []oauth.ScopeInfo) {
	for i, name := range names {
		all = append(all, oauth.ScopeInfo{Name: name, Default: i == 0})
	}
	return all
}

// ended are the grants that the server said have ended.
type ended struct {
	mu     sync.Mutex
	grants map[string]bool
}

func (e *ended) add(grant string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.grants[grant] = true
}

func (e *ended) has(grant string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.grants[grant]
}

// guard puts a guard before each resource, and behind it an MCP server that answers
// every call with who called: "given guarded". A call needs the first scope.
func (s *scene) guard(mux *http.ServeMux) {
	for _, r := range s.setting.resources {
		at, err := url.Parse(r.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		guard, err := resource.New(resource.Config{Resource: r, Issuer: s.setting.issuer, DefaultToolScopes: oauth.NewScope(r.Scopes[0].Name),
			Verifier: resource.Local{Keyring: s.keys, Issuer: s.setting.issuer, Audience: r.ID, Now: s.clock.Now}, Revoked: s.ended.has, Now: s.clock.Now})
		if err != nil {
			s.t.Fatal(err)
		}
		mux.Handle(at.Path, guard.Wrap(http.HandlerFunc(whoCalls)))
	}
}

func whoCalls(w http.ResponseWriter, r *http.Request) {
	c, _ := resource.CallerFrom(r.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"sub": c.Subject, "client": c.ClientID, "allowed": c.Scope.String()}) //nolint:errcheck // the client went away
}

// call calls a tool at a path: "call PATH [TOKEN]".
func (s *scene) call(rest string) error {
	path, access, _ := strings.Cut(rest, " ")
	if access != "" {
		s.headers.Set("Authorization", "Bearer "+access)
	}
	s.headers.Set("Content-Type", "application/json")
	s.headers.Set("Accept", "application/json, text/event-stream")
	s.body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`
	return s.ask("POST", path)
}

// checkVerifies checks a JWT with the key set that the last answer is: "verifies TOKEN".
func (s *scene) checkVerifies(raw string) error {
	keys, err := token.ParseKeySet([]byte(s.last.body))
	if err == nil {
		_, err = keys.Verify(oauth.Secret(raw))
	}
	return err
}

// checkJOSE looks into the header of a JWT: "jose TOKEN NAME [VALUE]".
func checkJOSE(_ *scene, rest string) error {
	words := strings.SplitN(rest, " ", 3)
	head, _, ok := strings.Cut(words[0], ".")
	if !ok || len(words) < 2 {
		return errors.New("jose TOKEN NAME [VALUE], of a JWT")
	}
	members, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return err
	}
	got, err := memberOf(string(members), words[1])
	if err != nil || len(words) == 2 {
		return err
	}
	return same(got, words[2])
}

// checkNoClaim says that a JWT has no such claim: "no-claim TOKEN NAME".
func checkNoClaim(s *scene, rest string) error {
	words := strings.Fields(rest)
	if len(words) != 2 {
		return errors.New("no-claim TOKEN NAME")
	}
	parts := strings.Split(words[0], ".")
	if len(parts) != 3 {
		return errors.New("it is not a JWT")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	if got, err := memberOf(string(claims), words[1]); err == nil {
		return fmt.Errorf("there is a claim %s: %s", words[1], got)
	}
	return nil
}
