package standin

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Privy stands in for Privy: the key set of one app, the tokens that its users
// come with, the user API, and what Privy's script asks for in a browser to sign people
// in by a code in a mail or by another service; it refreshes nothing. [Privy.SignedIn] is
// what the script holds afterwards.
//
// Client.ID is the app id and Client.Secret the app secret. Set the fields
// before it serves. The pages are Privy's "Access tokens", "Identity tokens",
// "Tokens" and, in the API reference, "Get user by ID"; see docs/standins.md.
type Privy struct {
	Front

	// Lifetime is that of access and identity tokens; 0 is an hour.
	Lifetime time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	// Through are what the app lets people sign in by, such as google, besides a code in a
	// mail, and Origin is where this stands in, which they need. Who signs in there is the
	// person of [Front.SignIn], by their DID, or the first.
	Through []string
	Origin  string

	people crowd[PrivyPerson]
	keys   keys
	mails  map[string]string // codes, by address

	origins []string
	captcha bool
}

// A PrivyPerson is a user at [Privy].
type PrivyPerson struct {
	DID     string // did:privy:…
	Created time.Time
	// Linked are the linked accounts as the user API has them:
	// {"type": "email", "address": …, "latest_verified_at": …}.
	Linked   []map[string]any
	Metadata map[string]any // custom_metadata; strings, numbers and booleans
	Guest    bool
}

// PrivySession is what Privy's script holds for a person who signed in.
type PrivySession struct{ Access, Identity string }

// NewPrivy is Privy with one app and these users.
func NewPrivy(c Client, people ...PrivyPerson) *Privy {
	p := &Privy{Front: newFront(c), keys: keys{alg: jose.ES256}, mails: map[string]string{}}
	p.People(people...)
	// Both are in use: auth.privy.io/api/v1 and api.privy.io/v1.
	for _, api := range []string{"/api/v1", "/v1"} {
		p.handle(Keys, "GET "+api+"/apps/{app}/jwks.json", p.jwks)
		p.handle(User, "GET "+api+"/users/{did}", p.user)
	}
	p.scripted()
	return p
}

// RotateKeys signs with a new key from now on. The key set has it and the one
// before.
func (p *Privy) RotateKeys() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys.current()
	p.keys.rotate()
}

// VerificationKey is the current public key in PEM, as the dashboard shows it to
// who verifies tokens without the key set.
func (p *Privy) VerificationKey() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := p.keys.current()
	der, err := x509.MarshalPKIXPublicKey(key.Public().Key)
	if err != nil {
		panic(err) // newKey made it
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// People replaces the users, at any time. The tokens of one who is gone verify
// until they expire.
func (p *Privy) People(people ...PrivyPerson) { p.people.set(people) }

func (p *Privy) person(did string) (PrivyPerson, bool) {
	return p.people.find(func(u PrivyPerson) bool { return u.DID == did })
}

// SignedIn makes the tokens of a new session of a user, with the fault that is
// planned for [Token], and counts as a request there. A DID that is unknown
// gets tokens all the same, without linked accounts.
//
// "Access tokens": ES256, with the claims sid, sub, iss, aud, iat and exp; iss
// is privy.io, without a scheme. "Identity tokens": the linked accounts, in a
// lighter form, and the metadata are JSON in a string.
func (p *Privy) SignedIn(did string) PrivySession {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault, now := p.meet(Token), clock(p.Now)
	person, _ := p.person(did)
	life := p.Lifetime
	if life == 0 {
		life = time.Hour
	}
	claims := func() map[string]any {
		return map[string]any{"sub": did, "iss": "privy.io", "aud": p.client.ID, "iat": now.Unix(), "exp": now.Add(life).Unix()}
	}
	access, identity := claims(), claims()
	access["sid"] = text("cm", 23)
	identity["cr"] = strconv.FormatInt(person.Created.Unix(), 10)
	identity["guest"] = map[bool]string{true: "t", false: "f"}[person.Guest]
	identity["linked_accounts"] = inString(lighter(person.Linked))
	if person.Metadata != nil {
		identity["custom_metadata"] = inString(person.Metadata)
	}
	return PrivySession{p.keys.sign(access, fault), p.keys.sign(identity, fault)}
}

// lighter is a list of linked accounts as identity tokens have it: of when they
// were verified there is only lv, the last time.
func lighter(linked []map[string]any) []map[string]any {
	all := []map[string]any{}
	for _, full := range linked {
		short := maps.Clone(full)
		if at, ok := full["latest_verified_at"]; ok {
			short["lv"] = at
		}
		for _, name := range []string{"verified_at", "first_verified_at", "latest_verified_at"} {
			delete(short, name)
		}
		all = append(all, short)
	}
	return all
}

func inString(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // the test put something there that is no JSON
	}
	return string(text)
}

// jwks is the key set of the app. Others have none here.
func (p *Privy) jwks(w http.ResponseWriter, r *http.Request, _ Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.PathValue("app") != p.client.ID {
		privyRefuse(w, http.StatusNotFound, "App not found")
		return
	}
	answer(w, http.StatusOK, p.keys.public())
}

func privyRefuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"error": message})
}

// user answers "Get user by ID": Basic with app id and secret, and the app id
// once more in the header privy-app-id.
func (p *Privy) user(w http.ResponseWriter, r *http.Request, _ Fault) {
	id, secret, _ := r.BasicAuth()
	p.mu.Lock()
	defer p.mu.Unlock()
	person, known := p.person(r.PathValue("did"))
	switch {
	case r.Header.Get("Privy-App-Id") == "":
		privyRefuse(w, http.StatusBadRequest, "Missing privy-app-id header")
	case r.Header.Get("Privy-App-Id") != p.client.ID || id != p.client.ID || !p.client.secret(secret):
		privyRefuse(w, http.StatusUnauthorized, "Invalid app ID or app secret.")
	case !known:
		privyRefuse(w, http.StatusNotFound, "User not found")
	default:
		answer(w, http.StatusOK, p.full(person))
	}
}

// full is a user as the API has them.
func (p *Privy) full(person PrivyPerson) map[string]any {
	linked := person.Linked
	if linked == nil {
		linked = []map[string]any{}
	}
	user := map[string]any{
		"id": person.DID, "created_at": person.Created.Unix(), "linked_accounts": linked,
		"mfa_methods": []string{}, "has_accepted_terms": false, "is_guest": person.Guest,
	}
	if person.Metadata != nil {
		user["custom_metadata"] = person.Metadata
	}
	return user
}
