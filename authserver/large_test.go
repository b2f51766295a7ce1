package authserver_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// An endless body, and how much of it was taken.
type endless struct {
	taken atomic.Int64
	most  int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.taken.Load() >= e.most {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'a'
	}
	e.taken.Add(int64(len(p)))
	return len(p), nil
}

// A body of 100 MB is refused after its first 64 KiB: nothing reads the rest, let
// alone keeps it. Covers A19 A23.
func TestABodyOf100MegabytesIsRefusedUnread(t *testing.T) {
	s := newScene(t, usual()).listen()
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/oauth/token", http.StatusRequestEntityTooLarge},
		{"/oauth/register", http.StatusRequestEntityTooLarge},
		{"/oauth/revoke", http.StatusRequestEntityTooLarge},
		{"/oauth/introspect", http.StatusRequestEntityTooLarge},
		{"/oauth/authorize", http.StatusRequestEntityTooLarge},
		{"/login", http.StatusRequestEntityTooLarge},
		{"/consent", http.StatusRequestEntityTooLarge},
		{s.vars["setup"], http.StatusRequestEntityTooLarge},
		{"/logout", http.StatusRequestEntityTooLarge},
		{"/account/revoke", http.StatusRequestEntityTooLarge},
		{"/nothing", http.StatusNotFound},             // nobody reads it
		{"/.well-known/nothing", http.StatusNotFound}, // the same
		{"/.well-known/jwks.json", http.StatusMethodNotAllowed},
	} {
		body := &endless{most: 100 << 20}
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+c.path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		// Whether the server takes the rest or closes the connection is for it to
		// say; the answer is there either way, unless the connection went first.
		res, err := s.client().Do(r)
		if err != nil {
			t.Log(c.path, "the connection was closed while it was written to:", err)
			continue
		}
		got, err := read(r, res)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != c.status {
			t.Errorf("%s: %s", c.path, got)
		}
		if taken := body.taken.Load(); taken > 8<<20 {
			t.Errorf("%s: %d bytes of it were taken", c.path, taken)
		}
	}
}

// An object that nests a hundred thousand deep, a list, and names without end: each
// refused at once.
func TestDeeplyNestedJSONIsRefused(t *testing.T) {
	s := newScene(t, usual()).listen()
	for _, path := range []string{"/oauth/token", "/oauth/register", "/oauth/revoke", "/oauth/introspect"} {
		for name, body := range map[string]string{
			"objects":    strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
			"unclosed":   strings.Repeat(`{"a":`, 12_000),
			"lists":      `{"redirect_uris":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "}",
			"open lists": `{"redirect_uris":` + strings.Repeat("[", 60_000),
			"members":    "{" + strings.Repeat(`"a":"",`, 9_000) + `"b":""}`,
			"parameters": strings.Repeat("a=b&", 15_000),
			"percents":   strings.Repeat("%41", 20_000),
			"a number":   `{"grant_type":1` + strings.Repeat("0", 60_000) + "}",
			"a string":   `{"grant_type":"` + strings.Repeat(`\u0000`, 10_000) + `"}`,
		} {
			began := time.Now()
			s.body = body
			if err := s.ask("POST", path); err != nil {
				t.Error(path, name, err)
			}
			if s.last.status < 400 || s.last.status >= 500 {
				t.Error(path, name, s.last)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Error(path, name, "took", took)
			}
		}
	}
}

// A client that stops in the middle of its body is told so where it can be, and
// nothing breaks.
func TestABodyThatBreaksOff(t *testing.T) {
	s := newScene(t, usual()).listen()
	broken := errors.New("the line went dead")
	for _, path := range []string{"/oauth/token", "/oauth/register", "/oauth/authorize", "/login", "/consent"} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+path, io.MultiReader(strings.NewReader("grant_type=refresh_"), &failing{broken}))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if _, err := s.client().Do(r); !errors.Is(err, broken) {
			t.Error(path, err)
		}
	}
	if strings.Contains(s.log.String(), `"panic"`) {
		t.Error(s.log.String())
	}
	if err := s.perform("GET /.well-known/jwks.json"); err != nil || s.last.status != http.StatusOK {
		t.Error(s.last, err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
