package authserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// race is a scene with a person, a client, and the tokens that it was given.
func race(t *testing.T) *scene {
	s := newScene(t, usual()).listen()
	for _, line := range []string{"person ada", "client cli https://cli.example/callback", "tokens first client=cli"} {
		if err := s.perform(line); err != nil {
			t.Fatal(line, err)
		}
	}
	return s
}

func (s *scene) refreshes(n int, token string) []*http.Request {
	requests := make([]*http.Request, n)
	for i := range requests {
		form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"cli"}, "refresh_token": {token}}
		r, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+"/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			s.t.Fatal(err)
		}
		requests[i] = r
	}
	return requests
}

// Twenty uses of one refresh token at once, ten times over. Everyone is answered,
// since none of them is a thief; but ten successors are made, one a round, and the
// last of them lives. Other servers made up to 161. Covers R45 I1 A12 F10.
func TestTwentyRefreshesAtOnceHaveOneSuccessor(t *testing.T) {
	s := race(t)
	current := s.vars["first.refresh"]
	seen := map[string]bool{current: true}
	for round := range 10 {
		answers, err := s.atOnce(s.refreshes(20, current))
		if err != nil {
			t.Fatal(err)
		}
		successors := map[string]bool{}
		for _, a := range answers {
			next, err := memberOf(a.body, "refresh_token")
			if a.status != http.StatusOK || err != nil {
				t.Fatal("round", round, a, err)
			}
			successors[next] = true
		}
		if len(successors) != 1 {
			t.Fatalf("round %d made %d successors", round, len(successors))
		}
		for next := range successors {
			if seen[next] {
				t.Fatal("a successor was seen before")
			}
			seen[next], current = true, next
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d successors were made in ten rounds", len(seen)-1)
	}
	if err := s.perform("POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=" + current); err != nil || s.last.status != http.StatusOK {
		t.Error("the last successor is dead:", s.last, err)
	}
}

// Whoever comes with a used token while its successor is being used is a replay or
// is not, but never leaves a half (covers A12): either the grant is over for everyone, or its
// newest token works.
func TestAReplayAmongRefreshesEndsTheGrantForEveryone(t *testing.T) {
	for range 10 {
		s := race(t)
		old := s.vars["first.refresh"]
		if err := s.perform("POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=" + old); err != nil {
			t.Fatal(err)
		}
		middle, _ := s.member("refresh_token")
		answers, err := s.atOnce(append(s.refreshes(8, middle), s.refreshes(8, old)...))
		if err != nil {
			t.Fatal(err)
		}
		refused := false
		for _, a := range answers {
			if a.status != http.StatusOK && a.status != http.StatusBadRequest {
				t.Fatal(a)
			}
			refused = refused || a.status == http.StatusBadRequest
		}
		newest := ""
		for _, a := range answers[:8] {
			if token, err := memberOf(a.body, "refresh_token"); err == nil {
				newest = token
			}
		}
		want := http.StatusOK
		if refused {
			want = http.StatusBadRequest
		}
		if newest == "" {
			newest = middle
		}
		if err := s.perform("POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=" + newest); err != nil || s.last.status != want {
			t.Error("refused:", refused, "and then", s.last, err)
		}
	}
}

// Revoking while others refresh: afterwards nothing works, whoever was faster.
// Covers I1 R48.
func TestRevokingAmongRefreshesWins(t *testing.T) {
	s := race(t)
	current := s.vars["first.refresh"]
	requests := s.refreshes(15, current)
	revoke, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/oauth/revoke",
		strings.NewReader(url.Values{"client_id": {"cli"}, "token": {current}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	answers, err := s.atOnce(append(requests, revoke))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		if a.status >= 500 {
			t.Error(a)
		}
		token, err := memberOf(a.body, "refresh_token")
		if err != nil {
			token = current
		}
		if err := s.perform("POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=" + token); err != nil || s.last.status != http.StatusBadRequest {
			t.Error("it still works:", s.last, err)
		}
	}
}

// A code that is redeemed sixteen times at once, and what became of the tokens: the
// losers were replays, so nothing of it lives. Covers R23 I1 A11 F31.
func TestOfManyRedemptionsOneIsAnsweredAndThenRevoked(t *testing.T) {
	s := race(t)
	for range 5 {
		for _, line := range []string{"code c client=cli verifier=a",
			"at-once 16 POST /oauth/token grant_type=authorization_code client_id=cli code=$c code_verifier=$v.a",
			"statuses 200:1 400:15"} {
			if err := s.perform(line); err != nil {
				t.Fatal(line, err)
			}
		}
		for _, body := range s.bodies {
			token, err := memberOf(body, "refresh_token")
			if err != nil {
				continue
			}
			if err := s.perform("POST /oauth/token grant_type=refresh_token client_id=cli refresh_token=" + token); err != nil || s.last.status != http.StatusBadRequest {
				t.Error("what the winner got survived the replays:", s.last, err)
			}
		}
	}
}

// Of several who have the link for the first person, each with a name of their own,
// one is the first: the others passed every check before it, and lose at the store.
// Covers I1 I12.
func TestOfSeveralWithTheLinkOneIsFirst(t *testing.T) {
	s := newScene(t, usual()).listen()
	for _, line := range []string{"GET $setup", "save csrf form csrf", "save browser cookie __Host-sallyport_browser"} {
		if err := s.perform(line); err != nil {
			t.Fatal(line, err)
		}
	}
	var requests []*http.Request
	for _, name := range []string{"ada", "bob", "carol", "dan", "eve", "mallory"} {
		form := url.Values{"csrf": {s.vars["csrf"]}, "username": {name}, "password": {testPassword}}
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+s.vars["setup"], strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formType)
		r.Header.Set("Cookie", "__Host-sallyport_browser="+s.vars["browser"])
		requests = append(requests, r)
	}
	answers, err := s.atOnce(requests)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, a := range answers {
		if a.status == http.StatusSeeOther {
			made++
		}
	}
	people, err := s.store.People(t.Context(), "", 10)
	if err != nil || len(people) != 1 || made != 1 {
		t.Error(made, "were told that they are the first;", len(people), "are there", err)
	}
}
