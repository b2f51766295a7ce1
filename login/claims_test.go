package login

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// Providers have a person's name, address and groups in claims of their own choice. The
// subject is sub, whatever else is said.
func TestAPersonIsInTheClaimsThatTheSettingsName(t *testing.T) {
	without := func(claims map[string]any, names ...string) {
		for _, name := range names {
			delete(claims, name)
		}
	}
	for _, c := range []struct {
		name  string
		says  func(claims map[string]any)
		user  string // what the UserInfo endpoint says, where that is something else
		named Fields
		want  Profile
		asked int // of the UserInfo endpoint
	}{
		{"nothing is named", func(claims map[string]any) {
			claims["preferred_username"], claims["groups"] = "ada", []string{"tickets", "staff"}
		}, "", Fields{}, Profile{Username: "ada", FullName: "Ada Lovelace", Email: "ada@acme.example", Groups: []string{"tickets", "staff"}}, 0},
		{"Entra says who vouches for an address, and calls people by upn", func(claims map[string]any) {
			without(claims, "email_verified")
			claims["upn"], claims["xms_edov"], claims["roles"] = "ada@acme.example", true, []string{"Tickets.Use"}
		}, "", Fields{Username: "upn", EmailVerified: "xms_edov", Groups: "roles"},
			Profile{Username: "ada@acme.example", FullName: "Ada Lovelace", Email: "ada@acme.example", Groups: []string{"Tickets.Use"}}, 0},
		{"and writes 1 for true", func(claims map[string]any) {
			without(claims, "email_verified")
			claims["xms_edov"] = "1"
		}, "", Fields{EmailVerified: "xms_edov"}, Profile{Username: "ada", FullName: "Ada Lovelace", Email: "ada@acme.example"}, 0},
		{"nobody vouches for the address", func(claims map[string]any) { claims["xms_edov"] = false },
			"", Fields{EmailVerified: "xms_edov"}, Profile{FullName: "Ada Lovelace"}, 0},
		{"Keycloak has roles inside a claim", func(claims map[string]any) {
			claims["realm_access"] = map[string]any{"roles": []string{"tickets"}}
		}, "", Fields{Groups: "realm_access.roles"}, Profile{Username: "ada", FullName: "Ada Lovelace", Email: "ada@acme.example", Groups: []string{"tickets"}}, 0},
		{"Auth0 has claims whose names are URLs, and one group may be a text", func(claims map[string]any) {
			claims["https://acme.example/roles"] = "tickets"
		}, "", Fields{Groups: "https://acme.example/roles"}, Profile{Username: "ada", FullName: "Ada Lovelace", Email: "ada@acme.example", Groups: []string{"tickets"}}, 0},
		{"what is named and not in the ID token is asked for", func(map[string]any) {},
			`{"sub":"1101","groups":["tickets"],"nick":"lovelace","email":"mallory@acme.example"}`, Fields{Username: "nick", Groups: "groups"},
			Profile{Username: "lovelace", FullName: "Ada Lovelace", Email: "ada@acme.example", Groups: []string{"tickets"}}, 1},
		{"what is named is nowhere", func(map[string]any) {}, `{"sub":"1101"}`, Fields{FullName: "display", Email: "mail", Groups: "realm_access.roles"}, Profile{}, 1},
		{"a claim is of another kind", func(claims map[string]any) { claims["realm_access"] = "roles" },
			`{"sub":"1101"}`, Fields{Groups: "realm_access.roles"}, Profile{Username: "ada", FullName: "Ada Lovelace", Email: "ada@acme.example"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := standin.NewGoogle(standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}},
				standin.GooglePerson{Sub: "1101", Email: "ada@acme.example", Verified: true, Name: "Ada Lovelace"})
			g.Fail(standin.Token, standin.Alter(c.says))
			if c.user != "" {
				g.Fail(standin.User, standin.Body(http.StatusOK, "application/json", c.user))
			}
			server := httptest.NewServer(g)
			defer server.Close()
			way := NewOIDC(OIDCOptions{Issuer: server.URL, ClientID: "door", ClientSecret: "secret", Now: time.Now, Claims: c.named})
			got, _ := travels(t, way, Departure{})
			if got.Subject != "1101" || got.Issuer != server.URL || got.Username != c.want.Username || got.FullName != c.want.FullName ||
				got.Email != c.want.Email || !slices.Equal(got.Groups, c.want.Groups) {
				t.Errorf("they are %+v", got)
			}
			if n := g.Count(standin.User); n != c.asked {
				t.Errorf("the UserInfo endpoint was asked %d times", n)
			}
		})
	}
}
