package token

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

func identityAt(now time.Time) Identity {
	return Identity{
		ID: "jti-2", Issuer: issuer, Subject: "u_ada", Audience: "http://10.0.0.7:3001/mcp", ClientID: "cli",
		Scope: oauth.NewScope("a"), Username: "ada", Name: "Ada", Email: "ada@example.com",
		IssuedAt: now, Expires: now.Add(MaxIdentityLife),
	}
}

func TestAnIdentityTokenSaysWhoCalls(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	raw, err := k.MintIdentity(ES256, identityAt(c.now()))
	must(t, err)
	body, _, err := k.Verify(raw, TypeIdentity)
	must(t, err)
	var got map[string]any
	must(t, json.Unmarshal(body, &got))
	at := float64(c.now().Unix())
	want := map[string]any{
		"iss": issuer, "sub": "u_ada", "aud": "http://10.0.0.7:3001/mcp", "client_id": "cli", "scope": "a",
		"jti": "jti-2", "iat": at, "exp": at + 300,
		"preferred_username": "ada", "name": "Ada", "email": "ada@example.com",
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if _, err := k.VerifyAccess(raw, issuer, "http://10.0.0.7:3001/mcp", c.now()); err == nil {
		t.Fatal("it opens the door as an access token")
	}
}

func TestMintIdentityRefuses(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	for _, tt := range []struct {
		name   string
		change func(*Identity)
	}{
		{"no issuer", func(i *Identity) { i.Issuer = "" }},
		{"no subject", func(i *Identity) { i.Subject = "" }},
		{"no audience", func(i *Identity) { i.Audience = "" }},
		{"no client", func(i *Identity) { i.ClientID = "" }},
		{"no time of issue", func(i *Identity) { i.IssuedAt = time.Time{} }},
		{"a life of nothing", func(i *Identity) { i.Expires = i.IssuedAt }},
		{"a life of more than five minutes", func(i *Identity) { i.Expires = i.Expires.Add(time.Second) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := identityAt(c.now())
			tt.change(&i)
			if _, err := k.MintIdentity(ES256, i); err == nil {
				t.Fatal("it was minted")
			}
		})
	}
}
