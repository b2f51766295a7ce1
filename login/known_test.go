package login

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

// Who is denied by an address or a group does not come in because nobody knows theirs.
func TestWhatIsNotKnownOfSomebodyKeepsThemOutWhereSomebodyIsDeniedByIt(t *testing.T) {
	byAddress, byGroup := Admission{Deny: Guests{Domains: []string{"evil.example"}}}, Admission{Deny: Guests{Groups: []string{"evil"}}}
	for _, c := range []struct {
		name          string
		says          func(claims map[string]any)
		groups        string // the claim that the settings name
		address, into bool   // whether they come in where some are denied by an address, and by a group
	}{
		{"all is said", func(claims map[string]any) { claims["groups"] = []string{"good"} }, "groups", true, true},
		{"they are in no group", func(map[string]any) {}, "groups", true, true},
		{"they are in it", func(claims map[string]any) { claims["groups"] = "evil" }, "groups", true, false},
		{"nobody asked for groups", func(map[string]any) {}, "", true, false},
		{"Entra has too many groups to say", func(claims map[string]any) {
			claims["_claim_names"] = map[string]any{"groups": "src1"}
			claims["_claim_sources"] = map[string]any{"src1": map[string]any{"endpoint": "https://graph.example/v1.0/users/1101/getMemberObjects"}}
		}, "groups", true, false},
		{"groups are objects", func(claims map[string]any) {
			claims["groups"] = []any{map[string]any{"name": "evil"}}
		}, "groups", true, false},
		{"addresses are a list", func(claims map[string]any) {
			claims["groups"], claims["email"] = []string{}, []string{"ada@evil.example"}
		}, "groups", false, true},
		{"nobody vouches for the address", func(claims map[string]any) {
			claims["email"], claims["email_verified"] = "ada@evil.example", false
		}, "groups", false, true},
		{"an @ is quoted in the address", func(claims map[string]any) { claims["email"] = `"ada@good.example"@evil.example` }, "groups", false, true},
	} {
		g := standin.NewGoogle(standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}},
			standin.GooglePerson{Sub: "1101", Email: "ada@good.example", Verified: true})
		g.Fail(standin.Token, standin.Alter(c.says))
		g.Fail(standin.User, standin.Body(http.StatusOK, "application/json", `{"sub":"1101"}`))
		server := httptest.NewServer(g)
		p, _ := travels(t, NewOIDC(OIDCOptions{Issuer: server.URL, ClientID: "door", ClientSecret: "secret", Now: time.Now, Claims: Fields{Groups: c.groups}}), Departure{})
		server.Close()
		for admission, in := range map[*Admission]bool{&byAddress: c.address, &byGroup: c.into} {
			if err := admission.Check(p); (err == nil) != in {
				t.Errorf("%s: %+v: %v", c.name, admission.Deny, err)
			}
			if err := admission.Recheck(*p.Known().Standing); (err == nil) != in {
				t.Errorf("%s, later: %+v: %v", c.name, admission.Deny, err)
			}
		}
	}
	// What has no @ is of no domain, and least of all is one.
	if (Admission{Allow: Guests{Domains: []string{"good.example"}}}).Check(Profile{Email: "good.example", AllAddresses: true}) == nil {
		t.Error("an address without @ is of the domain that it is")
	}
	// What was kept before anybody knew of other addresses.
	if byAddress.Recheck(oauth.Standing{Email: "ada@good.example"}) == nil {
		t.Error("whose other addresses nobody asked for is let in")
	}
}

// The UserInfo endpoint vouches for the address that it says itself.
func TestAnAddressIsNotVouchedForBecauseAnotherOneIs(t *testing.T) {
	for _, verified := range []string{"", "mail.checked"} {
		g := standin.NewGoogle(standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}},
			standin.GooglePerson{Sub: "1101", Email: "ada@good.example", Verified: true})
		g.Fail(standin.Token, standin.Alter(func(claims map[string]any) {
			delete(claims, "email_verified")
			claims["email"] = "boss@good.example"
		}))
		g.Fail(standin.User, standin.Body(http.StatusOK, "application/json",
			`{"sub":"1101","email":"mallory@elsewhere.example","email_verified":true,"mail":{"checked":true},"groups":["staff"]}`))
		server := httptest.NewServer(g)
		p, _ := travels(t, NewOIDC(OIDCOptions{Issuer: server.URL, ClientID: "door", ClientSecret: "secret", Now: time.Now,
			Claims: Fields{Groups: "groups", EmailVerified: verified}}), Departure{})
		server.Close()
		if p.Email != "" || !slices.Equal(p.Others, []string{"boss@good.example"}) || !slices.Equal(p.Groups, []string{"staff"}) {
			t.Errorf("they are %+v", p)
		}
	}
}

// Nor is anybody rid of it later, because a provider says nothing of it any more.
func TestAnAddressThatIsNoLongerSaidIsStillOneToBeDeniedBy(t *testing.T) {
	way := NewOIDC(OIDCOptions{Issuer: "https://op.example", ClientID: "door"})
	was := oauth.Standing{Email: "ada@acme.example", Others: []string{"ada@evil.example"}, AllAddresses: true, Groups: []string{"good"}}
	now := way.silent(map[string]json.RawMessage{}, oauth.Standing{AllAddresses: true, Unasked: true}, was)
	if now.Email != was.Email || !slices.Equal(now.Others, was.Others) || !now.AllAddresses || now.Unasked {
		t.Errorf("UserInfo alone: %+v", now)
	}

	g, google := google(t)
	tokens, _ := thereAndBack(t, google, Departure{Consent: true})
	who := oauth.Identity{Issuer: google.Issuer, Subject: "110169484474386276334", Standing: &was}
	g.Fail(standin.Token, standin.Alter(func(claims map[string]any) { delete(claims, "email") }))
	g.Fail(standin.User, standin.Body(http.StatusOK, "application/json", `{"sub":"110169484474386276334"}`))
	for range 2 {
		newer, err := google.Refresh(t.Context(), tokens.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		if who, err = google.Still(t.Context(), who, newer); err != nil {
			t.Fatal(err)
		}
		if s := who.Standing; s.Email != "" || !slices.Equal(s.Others, []string{"ada@evil.example", "ada@acme.example"}) || !s.AllAddresses {
			t.Errorf("with an ID token: %+v", s)
		}
	}
}

// An organization with single sign-on is left out for who has no session there.
func TestWhomGitHubDoesNotSayAllOfIsKeptOutWhereOrganizationsAreDenied(t *testing.T) {
	mux := http.NewServeMux()
	says := func(path, body string, head ...string) {
		mux.HandleFunc("GET /api/v3/user"+path, func(w http.ResponseWriter, _ *http.Request) {
			if len(head) > 0 {
				w.Header().Set("X-GitHub-SSO", head[0])
			}
			_, _ = io.WriteString(w, body)
		})
	}
	says("", `{"id":1,"login":"ada"}`)
	says("/emails", `[{"email":"ada@acme.example","primary":true,"verified":true}]`)
	says("/orgs", `[{"login":"acme"}]`, "partial-results; organizations=21955855,20582480")
	says("/teams", `[]`)
	server := httptest.NewServer(mux)
	defer server.Close()
	way := NewGitHub(GitHubOptions{URL: server.URL, ClientID: "door", ClientSecret: "secret", Groups: true})
	now, err := way.Still(t.Context(), oauth.Identity{Subject: "1"}, oauth.UpstreamTokens{Access: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if (Admission{Deny: Guests{Groups: []string{"evil"}}}).Recheck(*now.Standing) == nil {
		t.Errorf("they come in: %+v", now.Standing)
	}
	if err := (Admission{Allow: Guests{Groups: []string{"acme"}}}).Recheck(*now.Standing); err != nil {
		t.Error(err)
	}
}
