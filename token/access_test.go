package token

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

func TestAnAccessTokenSaysWhatItWasMintedWith(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, Algorithms[:]...)
	want := accessAt(c.now())
	for _, tt := range []struct{ name, format, algorithm string }{
		{"a JWT signed with RS256", FormatJWT, RS256},
		{"a JWT signed with PS256", FormatJWT, PS256},
		{"a JWT signed with ES256", FormatJWT, ES256},
		{"a JWT signed with EdDSA", FormatJWT, EdDSA},
		{"an opaque token", FormatOpaque, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := k.MintAccess(tt.format, tt.algorithm, want)
			must(t, err)
			got, err := k.VerifyAccess(raw, issuer, resource, c.now())
			must(t, err)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		})
	}
}

// RFC 9068 §2.1 and §2.2.
func TestTheWireFormOfAJWT(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	raw, err := k.MintAccess(FormatJWT, ES256, accessAt(c.now()))
	must(t, err)
	parts := strings.Split(string(raw), ".")
	var head, claims map[string]any
	for i, into := range []*map[string]any{&head, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		must(t, err)
		must(t, json.Unmarshal(b, into))
	}
	if want := map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": kids(t, k)[0]}; !reflect.DeepEqual(head, want) {
		t.Errorf("header %v, want %v", head, want)
	}
	at := float64(c.now().Unix())
	want := map[string]any{
		"iss": issuer, "sub": "u_ada", "aud": resource, "client_id": "cli", "scope": "a b", "grant": "g_1",
		"jti": "jti-1", "iat": at, "exp": at + 3600, "auth_time": at - 60,
	}
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("claims %v, want %v", claims, want)
	}
}

func TestVerifyAccessComparesWhoForAndWhen(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	for _, tt := range []struct {
		name             string
		issuer, audience string
		after            time.Duration
		want             string // of the refusal; empty: it is accepted
	}{
		{"at once it is good", issuer, resource, 0, ""},
		{"a second before it expires it is good", issuer, resource, time.Hour - time.Second, ""},
		{"when it expires it has expired", issuer, resource, time.Hour, "the access token has expired"},
		{"a second later it has expired", issuer, resource, time.Hour + time.Second, "the access token has expired"},
		{"from a clock 30 seconds ahead it is good", issuer, resource, -30 * time.Second, ""},
		{"from a clock 31 seconds ahead it is not", issuer, resource, -31 * time.Second, "the access token is from the future; compare the clocks of the servers"},
		{"for another resource it is not", issuer, resource + "2", 0, "the access token is for another resource"},
		{"for a resource that begins the same it is not", issuer, resource[:len(resource)-1], 0, "the access token is for another resource"},
		{"from another issuer it is not", issuer + "/", resource, 0, "the access token is from another issuer"},
	} {
		for _, format := range []string{FormatJWT, FormatOpaque} {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				raw, err := k.MintAccess(format, ES256, accessAt(c.now()))
				must(t, err)
				a, err := k.VerifyAccess(raw, tt.issuer, tt.audience, c.now().Add(tt.after))
				if tt.want == "" {
					must(t, err)
					return
				}
				if err == nil {
					t.Fatal("it was accepted")
				}
				if !reflect.DeepEqual(a, Access{}) {
					t.Error("the refused token's claims were returned")
				}
				refusal := oauth.AsError(err)
				if refusal.Code != oauth.InvalidToken || refusal.Description != tt.want {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
			})
		}
	}
}

func TestForgettingToCompareIsAnErrorAndNoRefusal(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	raw, err := k.MintAccess(FormatJWT, ES256, accessAt(c.now()))
	must(t, err)
	for _, tt := range []struct{ name, issuer, audience string }{
		{"no audience", issuer, ""},
		{"no issuer", "", resource},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := k.VerifyAccess(raw, tt.issuer, tt.audience, c.now())
			if err == nil || oauth.AsError(err).Code != oauth.ServerError {
				t.Fatalf("got %v, want an error of ours", err)
			}
		})
	}
	if a, err := k.VerifyAccessForAnyone(raw, issuer, c.now()); err != nil || a.Audience != resource {
		t.Fatalf("introspection got %+v, %v", a, err)
	}
}

func TestMintAccessRefusesWhatCouldNotBeVerified(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	for _, tt := range []struct {
		name   string
		change func(*Access)
	}{
		{"no issuer", func(a *Access) { a.Issuer = "" }},
		{"no subject", func(a *Access) { a.Subject = "" }},
		{"no audience", func(a *Access) { a.Audience = "" }},
		{"no client", func(a *Access) { a.ClientID = "" }},
		{"no grant", func(a *Access) { a.GrantID = "" }},
		{"no time of issue", func(a *Access) { a.IssuedAt = time.Time{} }},
		{"no expiry", func(a *Access) { a.Expires = time.Time{} }},
		{"a life longer than its key's", func(a *Access) { a.Expires = a.IssuedAt.Add(testLifetime + time.Second) }},
		{"claims longer than a token", func(a *Access) { a.Scope = oauth.NewScope(strings.Repeat("x", MaxSize)) }},
	} {
		for _, format := range []string{FormatJWT, FormatOpaque} {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				a := accessAt(c.now())
				tt.change(&a)
				if _, err := k.MintAccess(format, ES256, a); err == nil {
					t.Fatal("it was minted")
				}
			})
		}
	}
	if _, err := k.MintAccess("paper", ES256, accessAt(c.now())); err == nil {
		t.Error("a token of an unknown format was minted")
	}
	if _, err := k.MintAccess(FormatJWT, RS256, accessAt(c.now())); err == nil {
		t.Error("a token was signed with a key that nobody made")
	}
}
