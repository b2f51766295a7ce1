package standin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A stopped clock, moved by hand.
type hands struct{ at atomic.Int64 }

func newHands() *hands {
	h := &hands{}
	h.at.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix())
	return h
}

func (h *hands) now() time.Time          { return time.Unix(h.at.Load(), 0) }
func (h *hands) advance(d time.Duration) { h.at.Add(int64(d / time.Second)) }

// An answered is one answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// json reads a member of the body, by its path.
func (r reply) json(t *testing.T, path ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("not JSON: %v: %.200s", err, r.body)
	}
	for _, name := range path {
		members, _ := v.(map[string]any)
		v = members[name]
	}
	return v
}

func (r reply) text(t *testing.T, path ...string) string {
	t.Helper()
	s, _ := r.json(t, path...).(string)
	return s
}

// redirect is where the answer leads, taken apart.
func (r reply) redirect(t *testing.T) (to string, query url.Values) {
	t.Helper()
	u, err := url.Parse(r.header.Get("Location"))
	if err != nil || u.String() == "" {
		t.Fatalf("no redirect: %d %.300s", r.status, r.body)
	}
	query = u.Query()
	u.RawQuery = ""
	return u.String(), query
}

// send makes one request and follows nothing. Headers are name, value, …
func send(t *testing.T, method, url string, body io.Reader, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(text)}
}

func get(t *testing.T, url string, headers ...string) reply {
	t.Helper()
	return send(t, "GET", url, nil, headers...)
}

// post sends a form: name, value, …
func post(t *testing.T, url string, form url.Values, headers ...string) reply {
	t.Helper()
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
	return send(t, "POST", url, strings.NewReader(form.Encode()), headers...)
}

// form is a form: name, value, …
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// with is a form with some of its members set anew; an empty value deletes.
func with(values url.Values, pairs ...string) url.Values {
	all := url.Values{}
	for name := range values {
		all.Set(name, values.Get(name))
	}
	for i := 0; i < len(pairs); i += 2 {
		all.Del(pairs[i])
		if pairs[i+1] != "" {
			all.Set(pairs[i], pairs[i+1])
		}
	}
	return all
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func wants(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
