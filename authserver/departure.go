package authserver

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A departure is what waits in a browser while its person is at an upstream.
// Nothing is stored: it is sealed in cookies of the browser that left, and so
// whoever is sent back from an upstream without having left finds nothing.
type departure struct {
	login.Departure
	Upstream    string       // whom they went to
	Transaction string       // the sealed interaction that goes on; empty: their own page
	Setup       string       // the one-time secret of the first-run link
	Connects    string       // the person who connects the upstream, signed in; empty: they sign in
	Joins       string       // the person who adds the upstream to their ways in, signed in
	Session     oauth.Digest // in which they do that; zero: they sign in
	Resource    string       // the resource for which the tokens are that they bring; empty: they are of no use
	Browser     oauth.Digest // of the browser's own secret
	Began       time.Time
}

const (
	sealDeparture   = "departure"
	departureTTL    = 10 * time.Minute
	departureCookie = "sallyport_departure_"

	// Browsers keep 4096 octets of a cookie, its name and attributes included.
	departurePart  = 3800
	departureParts = 6
	// mostDepartures wait in one browser. Servers and proxies bound a header.
	mostDepartures = 3
)

// depart seals a departure into cookies. Those that were left before it, and that
// nobody came back to, make room.
func (s *Server) depart(w http.ResponseWriter, r *http.Request, d departure) error {
	plain, err := json.Marshal(d)
	if err != nil {
		return err
	}
	sealed := s.Keys.Seal(sealDeparture, plain)
	if len(sealed) > departureParts*departurePart {
		return oauth.Refuse(oauth.InvalidRequest, tooLarge)
	}
	if before := s.departures(r); len(before) >= mostDepartures {
		for _, state := range before {
			s.forgetDeparture(w, r, state)
		}
	}
	n := 0
	for part := range slices.Chunk([]byte(sealed), departurePart) {
		s.setCookie(w, departureName(d.State, n), oauth.Secret(part), departureTTL)
		n++
	}
	return nil
}

func departureName(state string, part int) string {
	return departureCookie + state + "_" + strconv.Itoa(part)
}

// departures are the states of those that wait in the browser.
func (s *Server) departures(r *http.Request) []string {
	var states []string
	for _, c := range r.Cookies() {
		if rest, ok := strings.CutPrefix(c.Name, s.cookieName(departureCookie)); ok && strings.HasSuffix(rest, "_0") {
			states = append(states, strings.TrimSuffix(rest, "_0"))
		}
	}
	return states
}

func (s *Server) forgetDeparture(w http.ResponseWriter, r *http.Request, state string) {
	for n := range departureParts {
		if s.cookie(r, departureName(state, n)) != "" {
			s.setCookie(w, departureName(state, n), "", -1)
		}
	}
}

// arrive finds the departure of somebody who came back, once: the same answer
// brought again, from a history or by a thief of both, is refused.
//
// RFC 6749 §10.12: the state is "a value that binds the request to the user-agent's
// authenticated state". RFC 9700 §4.4.2: it belongs to one upstream, too.
func (s *Server) arrive(w http.ResponseWriter, r *http.Request) (departure, error) {
	refused := oauth.Refuse(oauth.AccessDenied, neverLeft)
	state := r.URL.Query().Get("state")
	var sealed strings.Builder
	for n := range departureParts {
		sealed.WriteString(string(s.cookie(r, departureName(state, n))))
	}
	if state == "" || sealed.Len() == 0 {
		return departure{}, refused
	}
	s.forgetDeparture(w, r, state)
	plain, err := s.Keys.Unseal(sealDeparture, sealed.String())
	if err != nil {
		return departure{}, refused.Because(err)
	}
	var d departure
	if err := json.Unmarshal(plain, &d); err != nil {
		return departure{}, err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(d.State), []byte(state)) != 1,
		d.Upstream != r.PathValue("login"),
		d.Browser != s.cookie(r, browserCookie).Digest(),
		s.Now().Sub(d.Began) > departureTTL:
		return departure{}, refused
	}
	return d, s.once(r.Context(), oauth.Secret("departure "+d.State).Digest(), d.Began.Add(departureTTL+time.Minute), refused)
}

// callback is the path to which people come back.
func (u Upstream) callback() string { return cmp.Or(u.Callback, "/oauth/callback/"+u.Name) }

// newDeparture makes what has to be random about one.
func (s *Server) newDeparture(u Upstream, browser oauth.Secret) departure {
	return departure{
		Departure: login.Departure{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(),
			RedirectURI: s.Issuer + u.callback()},
		Upstream: u.Name, Browser: browser.Digest(), Began: s.Now(),
	}
}
