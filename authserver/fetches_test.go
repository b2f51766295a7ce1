package authserver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// connects asks for a connection of the client whose document is at id, from an
// address, and returns the status.
func (s *scene) connects(id, from string) int {
	query := url.Values{"client_id": {id}, "redirect_uri": {"https://assistant.example/callback"}, "response_type": {"code"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
	r := httptest.NewRequest(http.MethodGet, "/oauth/authorize?"+query.Encode(), nil)
	r.Header.Set(fromHeader, from)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Code
}

// Strangers with many addresses, and a host that never answers, occupy no more of
// the server than a few connections, and nobody whose document is known waits for
// them. Covers A19.
func TestSoManyDocumentsAreFetchedAtOnce(t *testing.T) {
	const atOnce, more = 64, 2
	given := usual()
	given.issuer, given.resources = "http://localhost:8080", resources("http://localhost:8080")
	s := newScene(t, given)
	plain := httptest.NewServer(s.vendor) // without TLS, so that all are under way long before the first is given up
	defer plain.Close()
	publish := func(path string) string {
		id := plain.URL + path
		s.vendor.publish(path, published{http.StatusOK, nil, fmt.Sprintf(
			`{"client_id":%q,"client_name":"A","redirect_uris":["https://assistant.example/callback"]}`, id)})
		return id
	}
	known := publish("/known.json")
	if status := s.connects(known, "192.0.2.1"); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	s.clock.advance(2 * time.Hour) // what is known has to be fetched again

	arrived, release := make(chan string, atOnce+more), make(chan struct{})
	s.vendor.setSlow(func(path string) {
		arrived <- path
		<-release
	})
	statuses := make(chan int, atOnce)
	var all sync.WaitGroup
	for n := range atOnce {
		id := publish(fmt.Sprintf("/slow/%d", n))
		all.Go(func() { statuses <- s.connects(id, fmt.Sprintf("198.18.%d.1", n)) })
	}
	for range atOnce {
		<-arrived
	}
	for n := range more {
		if status := s.connects(publish(fmt.Sprintf("/more/%d", n)), fmt.Sprintf("198.19.%d.1", n)); status != http.StatusServiceUnavailable {
			t.Errorf("one more is answered %d", status)
		}
	}
	if status := s.connects(known, "192.0.2.1"); status != http.StatusSeeOther {
		t.Errorf("who is known is answered %d", status)
	}
	if len(arrived) != 0 {
		t.Errorf("%d more were fetched", len(arrived))
	}
	close(release)
	all.Wait()
	s.vendor.setSlow(nil)
	close(statuses)
	for status := range statuses {
		if status != http.StatusSeeOther {
			t.Errorf("one that was fetched is answered %d", status)
		}
	}
	if status := s.connects(publish("/later.json"), "198.51.100.1"); status != http.StatusSeeOther {
		t.Errorf("later one is answered %d", status)
	}
}

// Whoever has a whole neighbourhood of addresses has not as many fetches as that.
// Covers A19.
func TestANeighbourhoodHasSoManyFetches(t *testing.T) {
	s := newScene(t, usual())
	refused := 0
	for n := range 600 {
		if s.connects(fmt.Sprintf("https://10.0.0.1/%d", n), fmt.Sprintf("2001:db8:1:%x::1", n)) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 300 {
		t.Errorf("of 600 fetches for as many networks of one neighbourhood %d were refused", refused)
	}
	if status := s.connects("https://10.0.0.1/x", "2001:db8:2::1"); status != http.StatusServiceUnavailable {
		t.Errorf("the next neighbourhood is answered %d", status)
	}
}
