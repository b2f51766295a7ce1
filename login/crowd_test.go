package login

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

// Nobody hides what they are denied by behind a page of a list that nobody asks for.
func TestWhoIsInACrowdAtGitHubIsFound(t *testing.T) {
	denied := Admission{Deny: Guests{Emails: []string{"ada@evil.example"}, Groups: []string{"evil"}}}
	for _, c := range []struct {
		name             string
		others, orgs     int // before the one that counts
		address, in      string
		asked, askedOrgs int
		refused          bool
	}{
		{"nothing is wrong with them", 3, 3, "ada@good.example", "good", 1, 1, false},
		{"an address on the second page", 120, 3, "ada@evil.example", "good", 2, 1, true},
		{"an organization on the third page", 3, 250, "ada@good.example", "evil", 1, 3, true},
		{"the pages are full to the end", 98, 99, "ada@good.example", "good", 1, 1, false},
		{"more organizations than anybody is in", 3, 1200, "ada@good.example", "evil", 1, 10, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ada := standin.GitHubPerson{Login: "ada", Email: "ada@acme.example", Verified: true}
			for i := range c.others {
				ada.Others = append(ada.Others, standin.GitHubEmail{Email: fmt.Sprintf("ada-%d@acme.example", i)})
			}
			for i := range c.orgs {
				ada.Orgs = append(ada.Orgs, fmt.Sprintf("acme-%d", i))
			}
			ada.Others, ada.Orgs = append(ada.Others, standin.GitHubEmail{Email: c.address}), append(ada.Orgs, c.in)
			g := standin.NewGitHub(standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}}, ada)
			server := httptest.NewServer(g)
			defer server.Close()
			p, _ := travels(t, NewGitHub(GitHubOptions{URL: server.URL, ClientID: "door", ClientSecret: "secret", Groups: true}), Departure{})
			if p.Email != "ada@acme.example" || !slices.Contains(p.Others, c.address) {
				t.Errorf("their addresses are %q and %d others", p.Email, len(p.Others))
			}
			if n, orgs := g.Count(standin.Emails), g.Count(standin.Orgs); n != c.asked || orgs != c.askedOrgs {
				t.Errorf("asked were %d pages of addresses and %d of organizations", n, orgs)
			}
			if err := denied.Check(p); (err != nil) != c.refused {
				t.Errorf("who may come in: %v", err)
			}
			if err := denied.Recheck(*p.Known().Standing); (err != nil) != c.refused {
				t.Errorf("and later: %v", err)
			}
		})
	}
}

func TestWhoseAddressesHaveNoEndIsNotBelieved(t *testing.T) {
	asked := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v3/user", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id":1,"login":"ada"}`) })
	mux.HandleFunc("GET /api/v3/user/emails", func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Link", `<https://api.github.com/user/emails?page=2>; rel="next"`)
		_, _ = io.WriteString(w, "["+strings.Repeat(`{"email":"ada@acme.example","verified":true},`, 99)+`{"email":"ada@acme.example","primary":true,"verified":true}]`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	way := NewGitHub(GitHubOptions{URL: server.URL, ClientID: "door", ClientSecret: "secret"})
	now, err := way.Still(t.Context(), oauth.Identity{Subject: "1"}, oauth.UpstreamTokens{Access: "t"})
	if err == nil || now.Standing != nil || asked != 10 {
		t.Errorf("after %d pages: %v, %+v", asked, err, now.Standing)
	}
}
