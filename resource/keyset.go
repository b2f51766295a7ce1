package resource

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-dev/sallyport/oauth"
)

const (
	maxDocument  = 256 << 10        // octets read of metadata and of a key set
	fetchTime    = 10 * time.Second // for both together
	fetchGap     = 30 * time.Second // between two fetches, however many strangers make key ids up
	keySetMaxAge = time.Hour        // after which a withdrawn key is noticed at the latest
)

// A keySet is the issuer's, fetched when it is first needed and again when a
// token names a key that is not in it.
type keySet struct {
	issuer, metadata string
	client           *http.Client
	now              func() time.Time

	current  atomic.Pointer[fetched]
	fetching chan struct{} // holds one place: whoever has it may fetch
}

// fetched is the outcome of the last fetch.
type fetched struct {
	keys map[string]jose.JSONWebKey // of the last fetch that succeeded
	at   time.Time                  // of the last one
	good time.Time                  // of the last one that succeeded
	err  error                      // of the last one
}

func newKeySet(c RemoteConfig) (*keySet, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !oauth.IsLoopbackHost(u.Hostname())) {
		return nil, errors.New("resource: the issuer must be an https URL, or http on this computer")
	}
	// RFC 8414 §3.1: the well-known path goes between host and path.
	u.Path = "/.well-known/oauth-authorization-server" + u.Path
	s := &keySet{issuer: c.Issuer, metadata: u.String(), client: c.Client, now: c.Now, fetching: make(chan struct{}, 1)}
	s.current.Store(&fetched{})
	return s, nil
}

// find returns the key of this id.
func (s *keySet) find(ctx context.Context, kid string) (jose.JSONWebKey, error) {
	f := s.current.Load()
	key, ok := f.keys[kid]
	if ok && (s.now().Sub(f.good) < keySetMaxAge || len(s.fetching) > 0) {
		return key, nil
	}
	f, err := s.refresh(ctx)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	key, ok = f.keys[kid]
	switch {
	case ok:
		// Old keys are better than none while the issuer is away.
		return key, nil
	case f.err != nil:
		return key, oauth.Refuse(oauth.TemporarilyUnavailable, "the keys of the authorization server cannot be had; try again").Because(f.err)
	}
	return key, invalid(errors.New("the kid is unknown"))
}

// refresh fetches unless someone just did.
func (s *keySet) refresh(ctx context.Context) (*fetched, error) {
	select {
	case s.fetching <- struct{}{}:
		defer func() { <-s.fetching }()
	case <-ctx.Done():
		return nil, oauth.Refuse(oauth.TemporarilyUnavailable, "the keys of the authorization server cannot be had; try again").Because(ctx.Err())
	}
	old := s.current.Load()
	if !old.at.IsZero() && s.now().Sub(old.at) < fetchGap {
		return old, nil
	}
	// The client that asked may go away; the keys are for everyone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
	defer cancel()
	next := &fetched{keys: old.keys, at: s.now(), good: old.good}
	keys, err := s.fetch(ctx)
	if next.err = err; err == nil {
		next.keys, next.good = keys, next.at
	}
	s.current.Store(next)
	return next, nil
}

func (s *keySet) fetch(ctx context.Context) (map[string]jose.JSONWebKey, error) {
	var meta oauth.ServerMetadata
	if err := s.read(ctx, s.metadata, &meta); err != nil {
		return nil, err
	}
	// RFC 8414 §3.3: the issuer "MUST be identical to the authorization server's
	// issuer identifier value into which the well-known URI string was inserted".
	if meta.Issuer != s.issuer {
		return nil, fmt.Errorf("%s: the issuer in the document is another", s.metadata)
	}
	if own, err := url.Parse(meta.JWKSURI); err != nil || !strings.HasPrefix(s.issuer, own.Scheme+"://") {
		return nil, fmt.Errorf("%s: jwks_uri is missing or of another scheme than the issuer", s.metadata)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := s.read(ctx, meta.JWKSURI, &set); err != nil {
		return nil, err
	}
	keys := map[string]jose.JSONWebKey{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// RFC 7517 §5: keys that are not understood are ignored.
		if json.Unmarshal(raw, &key) == nil && usable(&key) {
			keys[key.KeyID] = key
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: the key set has no usable key", meta.JWKSURI)
	}
	return keys, nil
}

// usable decides on a key, and on the one algorithm it may be used with.
func usable(key *jose.JSONWebKey) bool {
	if key.KeyID == "" || key.Use != "" && key.Use != "sig" || !key.IsPublic() || !key.Valid() {
		return false
	}
	only := ""
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= 2048 && (key.Algorithm == string(jose.RS256) || key.Algorithm == string(jose.PS256))
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			only = string(jose.ES256)
		}
	case ed25519.PublicKey:
		only = string(jose.EdDSA)
	}
	if key.Algorithm == "" {
		key.Algorithm = only
	}
	return only != "" && key.Algorithm == only
}

func (s *keySet) read(ctx context.Context, from string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); res.StatusCode != http.StatusOK || !strings.HasSuffix(kind, "json") {
		return fmt.Errorf("%s: the answer is %d %q and not a JSON document", from, res.StatusCode, kind)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument+1))
	switch {
	case err != nil:
		return err
	case len(body) > maxDocument:
		return fmt.Errorf("%s: the answer is longer than %d octets", from, maxDocument)
	}
	return json.Unmarshal(body, into)
}
