package standin

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const did = "did:privy:cm3np4u9j001rc8b73seqmqqk"

// A privy is Privy, served.
type privy struct {
	*Privy
	*hands
	url string
}

func newPrivy(t *testing.T) *privy {
	t.Helper()
	p := NewPrivy(Client{ID: "cmapp", Secret: "hush"}, PrivyPerson{
		DID: did, Created: time.Unix(1731974895, 0),
		Linked: []map[string]any{
			{"type": "email", "address": "ada@example.com", "verified_at": 1, "first_verified_at": 1, "latest_verified_at": 2},
			{"type": "wallet", "address": "0xE6", "chain_type": "ethereum"},
		},
		Metadata: map[string]any{"plan": "free"},
	})
	h := newHands()
	p.Now = h.now
	return &privy{p, h, serve(t, p)}
}

// claims checks a token by the key set, and reads it.
func (p *privy) claims(t *testing.T, raw string) (map[string]any, error) {
	t.Helper()
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(get(t, p.url+"/api/v1/apps/cmapp/jwks.json").body), &set); err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	return claims, token.Claims(&set, &claims)
}

func TestPrivyTokens(t *testing.T) {
	p := newPrivy(t)
	session := p.SignedIn(did)
	access, err := p.claims(t, session.Access)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := p.claims(t, session.Identity)
	if err != nil {
		t.Fatal(err)
	}
	now := float64(p.now().Unix())
	for name, want := range map[string]any{"iss": "privy.io", "aud": "cmapp", "sub": did, "iat": now, "exp": now + 3600} {
		wants(t, name+" of the access token", access[name], want)
		wants(t, name+" of the identity token", identity[name], want)
	}
	wants(t, "the members of an access token", len(access), 6)
	if sid, _ := access["sid"].(string); !strings.HasPrefix(sid, "cm") {
		t.Errorf("sid is %v", access["sid"])
	}
	for name, want := range map[string]any{
		"linked_accounts": `[{"address":"ada@example.com","lv":2,"type":"email"},{"address":"0xE6","chain_type":"ethereum","type":"wallet"}]`,
		"custom_metadata": `{"plan":"free"}`, "cr": "1731974895", "guest": "f",
	} {
		wants(t, name, identity[name], want)
	}
	p.Lifetime = 5 * time.Minute
	short, err := p.claims(t, p.SignedIn("did:privy:new").Identity)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "another lifetime", short["exp"], any(now+300))
	wants(t, "nothing linked", short["linked_accounts"], any("[]"))
}

func TestPrivyKeys(t *testing.T) {
	p := newPrivy(t)
	block, _ := pem.Decode([]byte(p.VerificationKey()))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseSigned(p.SignedIn(did).Access, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Claims(public.(*ecdsa.PublicKey), &map[string]any{}); err != nil {
		t.Error("by the key of the dashboard:", err)
	}
	wants(t, "typ", token.Headers[0].ExtraHeaders["typ"], any("JWT"))
	wants(t, "the key set at its other place", get(t, p.url+"/v1/apps/cmapp/jwks.json").status, 200)
	wants(t, "the key set of another app", get(t, p.url+"/api/v1/apps/other/jwks.json").status, 404)
	before := p.SignedIn(did).Access
	p.RotateKeys()
	for name, raw := range map[string]string{"the old key": before, "the new one": p.SignedIn(did).Access} {
		if _, err := p.claims(t, raw); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
	}
	p.RotateKeys()
	if _, err := p.claims(t, before); err == nil {
		t.Error("a key that is gone still verifies")
	}
}

func TestPrivyUsers(t *testing.T) {
	const basic = "Basic Y21hcHA6aHVzaA==" // cmapp:hush
	for _, test := range []struct {
		name, path, authorization, id string
		status                        int
		error                         string
	}{
		{"who it is", "/api/v1/users/" + did, basic, "cmapp", 200, ""},
		{"at its other place", "/v1/users/" + did, basic, "cmapp", 200, ""},
		{"no header", "/api/v1/users/" + did, basic, "", 400, "Missing privy-app-id header"},
		{"another app", "/api/v1/users/" + did, basic, "other", 401, "Invalid app ID or app secret."},
		{"a wrong secret", "/api/v1/users/" + did, "Basic Y21hcHA6bG91ZA==", "cmapp", 401, "Invalid app ID or app secret."},
		{"nobody", "/api/v1/users/did:privy:x", basic, "cmapp", 404, "User not found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPrivy(t)
			got := get(t, p.url+test.path, "Authorization", test.authorization, "privy-app-id", test.id)
			wants(t, "status", got.status, test.status)
			wants(t, "error", got.text(t, "error"), test.error)
			if test.status == 200 {
				wants(t, "id", got.text(t, "id"), did)
				wants(t, "created_at", got.json(t, "created_at"), any(1731974895.0))
				wants(t, "custom_metadata", got.text(t, "custom_metadata", "plan"), "free")
			}
			wants(t, "the count", p.Count(User), 1)
			wants(t, "what is noted", p.Last(User).Header.Get("Authorization"), "Basic [secret]")
		})
	}
	p := newPrivy(t)
	p.People()
	wants(t, "one that was removed", get(t, p.url+"/api/v1/users/"+did, "Authorization", basic, "privy-app-id", "cmapp").status, 404)
}

func TestPrivyFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault Fault
		bad   func(p *privy, claims map[string]any, err error) bool
	}{
		{"an unknown key", UnknownKey(), func(_ *privy, _ map[string]any, err error) bool { return err != nil }},
		{"no signature", AlgorithmNone(), func(_ *privy, _ map[string]any, err error) bool { return err != nil }},
		{"the public key for a secret", AlgorithmHS256(), func(_ *privy, _ map[string]any, err error) bool { return err != nil }},
		{"another app", WrongAudience(), func(_ *privy, c map[string]any, _ error) bool { return c["aud"] != "cmapp" }},
		{"another issuer", WrongIssuer(), func(_ *privy, c map[string]any, _ error) bool { return c["iss"] != "privy.io" }},
		{"expired", Expired(), func(p *privy, c map[string]any, _ error) bool { return c["exp"].(float64) < float64(p.now().Unix()) }},
		{"a fast clock", ClockOff(time.Minute), func(p *privy, c map[string]any, _ error) bool { return c["iat"] == float64(p.now().Unix()+60) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPrivy(t)
			p.FailTimes(1, Token, test.fault)
			claims, err := p.claims(t, p.SignedIn(did).Access)
			if !test.bad(p, claims, err) {
				t.Errorf("nothing is wrong: %v, %v", claims, err)
			}
			if _, err := p.claims(t, p.SignedIn(did).Access); err != nil {
				t.Error("the next one has a fault too:", err)
			}
			wants(t, "the count", p.Count(Token), 2)
		})
	}
}
