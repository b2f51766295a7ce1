package resource

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// ExchangeConfig is what an [Exchange] is made of. TokenURL, ClientID, and one of
// Secret and Assertion are required.
type ExchangeConfig struct {
	TokenURL string       // the issuer's, such as https://mcp.example.com/oauth/token
	ClientID string       // of this server, under clients in the issuer's settings
	Secret   oauth.Secret // by which it authenticates, in the header
	// Assertion makes a JWT by which it authenticates instead, for one request.
	// RFC 7523 §2.2.
	Assertion func(ctx context.Context) (oauth.Secret, error)

	Titles map[string]string // what people call a login, by its name; one that is missing is called by that
	Client *http.Client      // nil: one that follows no redirects
	Now    func() time.Time  // nil: time.Now
}

// An Exchange gets, for programs elsewhere, what a server acts with, for the access
// token that its client presented (RFC 8693). It is the [Upstreams] of a guard whose
// verifier is a [Remote]. Safe for concurrent use.
type Exchange struct {
	ExchangeConfig
	entries *otter.Cache[[sha256.Size]byte, given]
}

// given is a token, when it ends (the zero time where that is not known), and until
// when it is kept.
type given struct {
	token   oauth.Secret
	expires time.Time
	until   time.Time
}

const (
	// margin is how long a token that is handed out still lives, at least.
	margin = 60 * time.Second
	// maxKept is how long one is kept at most: who disconnects a service, or withdraws
	// what they allowed, is not acted for any longer than that.
	maxKept      = 5 * time.Minute
	maxExchanges = 10_000
	exchangeTime = 20 * time.Second // the issuer may refresh meanwhile, for which it takes 15 at most
)

// NewExchange asks for nothing yet. Its error names what is wrong.
func NewExchange(c ExchangeConfig) (*Exchange, error) {
	u, err := url.Parse(c.TokenURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !oauth.IsLoopbackHost(u.Hostname())):
		// The secret goes there, and the token that comes back.
		return nil, errors.New("resource: the token endpoint must be an https URL, or http on this computer")
	case c.ClientID == "":
		return nil, errors.New("resource: the client id is missing")
	case (c.Secret == "") == (c.Assertion == nil):
		return nil, errors.New("resource: the client authenticates with a secret or with an assertion, and with one of them")
	}
	c.Now = orNow(c.Now)
	if c.Client == nil {
		c.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	e := &Exchange{ExchangeConfig: c}
	e.entries = otter.Must(&otter.Options[[sha256.Size]byte, given]{
		MaximumSize:      maxExchanges,
		ExpiryCalculator: otter.ExpiryCreatingFunc(func(otter.Entry[[sha256.Size]byte, given]) time.Duration { return maxKept }),
	})
	return e, nil
}

func orNow(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// Close ends the cache's own goroutine.
func (e *Exchange) Close() error {
	e.entries.StopAllGoroutines()
	return nil
}

// UpstreamToken implements [Upstreams]. The settings of the issuer have to say, of
// this client, `serves: [RESOURCE]` and `exchange: [{ login: LOGIN }]`, and of the
// resource that it has a connection to that login.
func (e *Exchange) UpstreamToken(ctx context.Context, a Asking) (oauth.Secret, time.Time, error) {
	g, err := e.get(ctx, a.Presented, url.Values{"audience": {a.Login}})
	return g.token, g.expires, e.connectable(a, err)
}

// UpstreamRefused implements [Upstreams]: it forgets the token, and asks for another
// one. RFC 8693 has no word for why, so the issuer is told in a parameter of its own,
// [oauth.RefusedToken]; it decides whether the service is asked.
//
// RFC 6749 §3.2: "The authorization server MUST ignore unrecognized request
// parameters." One that does gives the same token again, which is no use.
func (e *Exchange) UpstreamRefused(ctx context.Context, a Asking, token oauth.Secret) error {
	form := url.Values{"audience": {a.Login}}
	key := keyOf(a.Presented, form)
	if g, ok := e.entries.GetIfPresent(key); ok && g.token != token && e.Now().Before(g.until) {
		return nil
	}
	e.entries.Invalidate(key)
	form.Set(oauth.RefusedToken, string(token))
	g, err := e.fetch(ctx, key, a.Presented, form)
	if err == nil && g.token == token {
		e.entries.Invalidate(key)
		return notNow(0, errors.New("resource: the token endpoint gives the token again that the service refuses"))
	}
	return e.connectable(a, err)
}

// connectable makes of a refusal what has the person connect a login, where it is
// because they have not.
func (e *Exchange) connectable(a Asking, err error) error {
	var refusal *exchangeRefusal
	if !errors.As(err, &refusal) || refusal.Code != oauth.InvalidGrant {
		return err
	}
	connected := func(ctx context.Context) bool {
		_, err := e.get(ctx, a.Presented, url.Values{"audience": {a.Login}})
		return err == nil
	}
	return &Unconnected{Title: cmp.Or(e.Titles[a.Login], a.Login), Page: refusal.Page, Connected: connected,
		Refusal: oauth.Refuse(oauth.InvalidToken, "the person has to sign in again, to connect the service that this server acts at").Because(err)}
}

// ResourceToken returns an access token with which this server acts, at another
// resource of the same issuer, for the person of the access token that was presented
// to it; and when it ends. An empty scope asks for all that it may have there. The
// settings of the issuer have to say, of this client, `exchange: [{ resource: NAME,
// scopes: [...] }]`. Its errors are refusals: insufficient_scope where the person has
// not agreed to it yet, for [Guard.Refuse], which has their client ask them.
func (e *Exchange) ResourceToken(ctx context.Context, presented oauth.Secret, resource string, scope oauth.Scope) (oauth.Secret, time.Time, error) {
	form := url.Values{"resource": {resource}}
	if len(scope) > 0 {
		form.Set("scope", scope.String())
	}
	g, err := e.get(ctx, presented, form)
	var refusal *exchangeRefusal
	if errors.As(err, &refusal) && refusal.Code == oauth.ConsentRequired {
		err = oauth.Refuse(oauth.InsufficientScope, "the person has not agreed that this server acts for them elsewhere; they have to be asked again").Because(err)
	}
	return g.token, g.expires, err
}

// get finds a token among those that are kept, or asks for one.
func (e *Exchange) get(ctx context.Context, presented oauth.Secret, form url.Values) (given, error) {
	key := keyOf(presented, form)
	if g, ok := e.entries.GetIfPresent(key); ok && e.Now().Before(g.until) {
		return g, nil
	}
	return e.fetch(ctx, key, presented, form)
}

// keyOf is under what the answer to a question is kept.
func keyOf(presented oauth.Secret, form url.Values) [sha256.Size]byte {
	return sha256.Sum256([]byte(string(presented) + "\x00" + form.Encode()))
}

// fetch asks, and keeps what it gets.
func (e *Exchange) fetch(ctx context.Context, key [sha256.Size]byte, presented oauth.Secret, form url.Values) (given, error) {
	form.Set("grant_type", oauth.GrantTypeExchange)
	form.Set("subject_token", string(presented))
	form.Set("subject_token_type", oauth.TokenTypeAccess)
	g, err := e.ask(ctx, form)
	if err != nil {
		return g, err
	}
	g.until = e.Now().Add(maxKept)
	if early := g.expires.Add(-margin); !g.expires.IsZero() && early.Before(g.until) {
		g.until = early
	}
	if e.Now().Before(g.until) {
		e.entries.Set(key, g)
	}
	return g, nil
}

// sign adds what the client authenticates with.
func (e *Exchange) sign(ctx context.Context, form url.Values) (header string, err error) {
	if e.Assertion == nil {
		// RFC 6749 §2.3.1: both are form-encoded before they are put together.
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(url.QueryEscape(e.ClientID), url.QueryEscape(string(e.Secret)))
		return r.Header.Get("Authorization"), nil
	}
	assertion, err := e.Assertion(ctx)
	if err != nil {
		return "", fmt.Errorf("resource: the client assertion: %w", err)
	}
	form.Set("client_id", e.ClientID)
	form.Set("client_assertion_type", token.AssertionType)
	form.Set("client_assertion", string(assertion))
	return "", nil
}
