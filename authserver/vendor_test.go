package authserver_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A vendor is a host on which clients publish their documents and keys.
type vendor struct {
	server *httptest.Server
	mu     sync.Mutex
	pages  map[string]published
	hits   map[string]int
	keys   map[string]crypto.Signer
	slow   func(path string) // called before an answer; nil: nothing is
}

type published struct {
	status int
	header http.Header
	body   string
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{pages: map[string]published{}, hits: map[string]int{}, keys: map[string]crypto.Signer{}}
	v.server = httptest.NewTLSServer(v)
	t.Cleanup(v.server.Close)
	return v
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.hits[r.URL.Path]++
	page, ok := v.pages[r.URL.Path]
	slow := v.slow
	v.mu.Unlock()
	if slow != nil {
		slow(r.URL.Path)
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	for name, values := range page.header {
		w.Header()[name] = values
	}
	w.WriteHeader(page.status)
	w.Write([]byte(page.body)) //nolint:errcheck // the server went away; its test says so
}

// settings let the documents that scripts publish be fetched although they are on
// this computer: an operator wrote their URLs down. What is not on that list is a
// stranger's.
func (v *vendor) settings(trust authserver.Trust) authserver.MetadataDocuments {
	roots := x509.NewCertPool()
	roots.AddCert(v.server.Certificate())
	d := authserver.MetadataDocuments{Trust: trust, Roots: roots}
	for _, path := range []string{"/client.json", "/other.json", "/builtin.json"} {
		d.Allowed = append(d.Allowed, v.server.URL+path)
	}
	return d
}

func (v *vendor) publish(path string, page published) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if page.header == nil {
		page.header = http.Header{}
	}
	if page.header.Get("Content-Type") == "" {
		page.header.Set("Content-Type", "application/json")
	}
	v.pages[path] = page
}

func (v *vendor) setSlow(f func(path string)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.slow = f
}

func (v *vendor) fetched(path string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hits[path]
}

// publish puts a document up: "publish PATH JSON". Headers that were prepared go
// with it.
func (s *scene) publish(rest string) error {
	path, body, _ := strings.Cut(rest, " ")
	s.vendor.publish(path, published{http.StatusOK, s.headers, body})
	s.headers = http.Header{}
	return nil
}

// vendorAnswers has a path answer something else: "vendor-answers PATH STATUS [BODY]".
func (s *scene) vendorAnswers(rest string) error {
	path, rest, _ := strings.Cut(rest, " ")
	status, body, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(status)
	s.vendor.publish(path, published{n, s.headers, body})
	s.headers = http.Header{}
	return err
}

// publishKeys puts a key set up: "publish-keys PATH NAME:ALGORITHM…". A name stands
// for one key throughout the story.
func (s *scene) publishKeys(rest string) error {
	path, rest, _ := strings.Cut(rest, " ")
	set, err := s.vendor.keySet(rest)
	s.vendor.publish(path, published{http.StatusOK, s.headers, set})
	s.headers = http.Header{}
	for word := range strings.FieldsSeq(rest) {
		name, _, _ := strings.Cut(word, ":")
		one, err := s.vendor.keySet(word)
		if err != nil {
			return err
		}
		s.vars["jwks."+name] = one
	}
	return err
}

func (v *vendor) keySet(names string) (string, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for word := range strings.FieldsSeq(names) {
		name, algorithm, _ := strings.Cut(word, ":")
		key, err := v.key(name, algorithm)
		if err != nil {
			return "", err
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: name, Algorithm: algorithm, Use: "sig"})
	}
	text, err := json.Marshal(set)
	return string(text), err
}

// keyed are clients of the settings with the keys that a script named: "keys=NAME:ALGORITHM"
// and "keys-at=PATH".
func (v *vendor) keyed(t testing.TB, clients []oauth.Client) []oauth.Client {
	clients = slices.Clone(clients)
	for i := range clients {
		c := &clients[i]
		if c.KeysURI != "" {
			c.KeysURI = v.server.URL + c.KeysURI
		}
		if c.Keys != nil {
			set, err := v.keySet(strings.ReplaceAll(string(c.Keys), ",", " "))
			if err != nil {
				t.Fatal(err)
			}
			c.Keys = json.RawMessage(set)
		}
	}
	return clients
}

func (v *vendor) key(name, algorithm string) (crypto.Signer, error) {
	if key, ok := v.keys[name]; ok {
		return key, nil
	}
	var key crypto.Signer
	var err error
	switch algorithm {
	case "RS256", "PS256":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, fmt.Errorf("%q is no algorithm for a key", algorithm)
	}
	v.keys[name] = key
	return key, err
}

// assert makes a client assertion: "assert VAR key=NAME:ALGORITHM client=ID [iss=…]
// [sub=…] [aud=…]… [jti=…] [exp=…] [nbf=…] [iat=…] [kid=…] [without=CLAIM]". Times are
// durations from now. aud is the issuer where nothing is said, exp in a minute.
func (s *scene) assert(rest string) error {
	name, rest, _ := strings.Cut(rest, " ")
	given, err := pairs(rest)
	if err != nil {
		return err
	}
	keyName, algorithm, _ := strings.Cut(given.Get("key"), ":")
	key, err := s.vendor.key(keyName, algorithm)
	if err != nil {
		return err
	}
	s.vars["n-assertions"] += "x"
	claims := map[string]any{"iss": given.Get("client"), "sub": given.Get("client"), "aud": s.setting.issuer,
		"jti": "assertion " + s.vars["n-assertions"], "exp": s.clock.Now().Add(time.Minute).Unix(), "iat": s.clock.Now().Unix()}
	for _, claim := range []string{"iss", "sub", "jti"} {
		if given.Has(claim) {
			claims[claim] = given.Get(claim)
		}
	}
	if all := given["aud"]; len(all) == 1 {
		claims["aud"] = all[0]
	} else if len(all) > 1 {
		claims["aud"] = all
	}
	for _, claim := range []string{"exp", "nbf", "iat"} {
		if given.Has(claim) {
			d, err := time.ParseDuration(given.Get(claim))
			if err != nil {
				return err
			}
			claims[claim] = s.clock.Now().Add(d).Unix()
		}
	}
	for _, claim := range given["without"] {
		delete(claims, claim)
	}
	kid := keyName
	if given.Has("kid") {
		kid = given.Get("kid")
	}
	s.vars[name], err = signed(key, algorithm, kid, claims)
	s.secrets[s.vars[name]] = true
	return err
}

func signed(key crypto.Signer, algorithm, kid string, claims map[string]any) (string, error) {
	options := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		options = options.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, options)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// checkFetched is "fetched PATH N": how often the vendor was asked for it.
func (s *scene) checkFetched(rest string) error {
	path, want, ok := strings.Cut(rest, " ")
	if !ok {
		return errors.New("fetched PATH N")
	}
	return same(strconv.Itoa(s.vendor.fetched(path)), want)
}
