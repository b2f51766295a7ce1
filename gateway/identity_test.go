package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

func TestAnUpstreamIsToldInASignedTokenWhoCalls(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) { c.Resources[0].Identity = gateway.IdentityJWT })
	tok := f.token("p_ada", "read")
	f.post(tok, list)
	first := f.upstream.last(t).header.Get("X-Sallyport-Identity")
	body, _, err := f.keyring.Verify(oauth.Secret(first), token.TypeIdentity)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"iss": publicURL, "aud": mcpURL, "sub": "p_ada", "client_id": "c_claude", "scope": "read",
		"preferred_username": "ada", "name": "Ada", "email": "ada@example.com",
	} {
		if claims[name] != want {
			t.Errorf("%s: %v", name, claims[name])
		}
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life <= 0 || life > token.MaxIdentityLife.Seconds() {
		t.Errorf("it lives for %v seconds", life)
	}
	f.post(tok, list)
	if again := f.upstream.last(t).header.Get("X-Sallyport-Identity"); again != first {
		t.Error("the second call cost a second signature")
	}
	f.post(f.token("p_bob", "read"), list)
	if other := f.upstream.last(t).header.Get("X-Sallyport-Identity"); other == first {
		t.Error("two people were told to be one")
	}
	// It opens nothing.
	if a := f.post(first, list); a.status != http.StatusUnauthorized {
		t.Errorf("as an access token: status %d", a.status)
	}
}

func TestAnUpstreamIsToldInHeadersWhoCalls(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) { c.Resources[0].Identity = gateway.IdentityHeaders })
	const name = " Zoë 50% \"the\" 李 "
	err := f.store.AddPerson(t.Context(), oauth.Person{ID: "p_zoe", Username: "zoe", Name: name, Created: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	f.post(f.token("p_zoe", "read", "write"), list)
	got := f.upstream.last(t).header
	for field, want := range map[string]string{
		"X-Sallyport-Subject": "p_zoe", "X-Sallyport-Username": "zoe", "X-Sallyport-Client": "c_claude", "X-Sallyport-Scope": "read write",
		"X-Sallyport-Name": `%20Zo%C3%AB 50%25 "the" %E6%9D%8E%20`,
	} {
		if v := got[field]; len(v) != 1 || v[0] != want {
			t.Errorf("%s: %q", field, v)
		}
	}
	if plain, err := url.PathUnescape(got.Get("X-Sallyport-Name")); err != nil || plain != name {
		t.Errorf("decoded: %q, %v", plain, err)
	}
	if _, ok := got["X-Sallyport-Email"]; ok {
		t.Error("an empty field was sent")
	}
}

func TestAnUpstreamIsToldNothingUnlessItIsAsked(t *testing.T) {
	for identity, signedIn := range map[string]bool{gateway.IdentityNone: true, gateway.IdentityJWT: false, gateway.IdentityHeaders: false} {
		f := newFixture(t, func(c *gateway.Config) {
			c.Resources[0].Identity = identity
			c.Resources[0].Tools["about"] = resource.Tool{Public: true}
		})
		tok := ""
		if signedIn {
			tok = f.token("p_ada")
		}
		f.post(tok, list)
		for field := range f.upstream.last(t).header {
			if strings.HasPrefix(field, "X-Sallyport") {
				t.Errorf("%s: %s", identity, field)
			}
		}
	}
}

func TestSomeoneWhoIsGoneOrDisabledIsSignedOut(t *testing.T) {
	f := newFixture(t, nil)
	if a := f.post(f.token("p_gone"), list); a.status != http.StatusUnauthorized || a.json(t)["error"] != "invalid_token" {
		t.Errorf("gone: status %d", a.status)
	}
	if err := f.store.SetDisabled(t.Context(), "p_bob", true); err != nil {
		t.Fatal(err)
	}
	if a := f.post(f.token("p_bob"), list); a.status != http.StatusUnauthorized {
		t.Errorf("disabled: status %d", a.status)
	}
}

func TestThePersonsOwnCredentialIsAttachedOrTheCallRefused(t *testing.T) {
	attach := func(_ context.Context, c resource.Caller, upstream http.Header) error {
		if c.Subject != "p_ada" {
			return errors.New("the vault is shut")
		}
		upstream.Set("Authorization", "Bearer gho_ada")
		return nil
	}
	f := newFixture(t, func(c *gateway.Config) { c.Resources[0].Attach = attach })
	f.post(f.token("p_ada"), list)
	if got := f.upstream.last(t).header.Values("Authorization"); len(got) != 1 || got[0] != "Bearer gho_ada" {
		t.Errorf("the upstream got %q", got)
	}
	f.upstream.set(nil)
	a := f.post(f.token("p_bob"), list)
	if a.status != http.StatusInternalServerError || strings.Contains(a.body, "vault") || f.upstream.count() != 0 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if !strings.Contains(f.log.String(), "the vault is shut") {
		t.Error("the cause is not in the log")
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) { c.Resources[0].Identity = gateway.IdentityJWT })
	tok := f.token("p_ada")
	f.upstream.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	f.post(tok, list)
	f.send(http.MethodPost, "/mcp?access_token="+tok, "", list, nil)
	identity := f.upstream.last(t).header.Get("X-Sallyport-Identity")
	if identity == "" || f.log.String() == "" {
		t.Fatal("there is nothing to look for, or nothing to look at")
	}
	for _, secret := range []string{tok, identity, tok[strings.LastIndexByte(tok, '.'):]} {
		if strings.Contains(f.log.String(), secret) {
			t.Error("the log holds a token")
		}
	}
}
