package authserver

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/safehttp"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// Trust says whose metadata documents make a client.
// draft-ietf-oauth-client-id-metadata-document §8.
type Trust string

const (
	TrustNone    Trust = "off"
	TrustAnyone  Trust = "open"
	TrustAllowed Trust = "allow-list"
)

// MetadataDocuments says which clients may name themselves by the URL of a client
// ID metadata document.
type MetadataDocuments struct {
	Trust Trust // empty: TrustNone
	// Allowed are hosts, and whole URLs. A whole URL may be at a private address:
	// whoever wrote it here knows where it leads. With TrustAllowed no other client
	// is known; a list without an entry is that of the hosts of BuiltIn.
	Allowed []string
	// BuiltIn are documents by their exact URLs, for when the host refuses us and
	// no copy of its own was ever had.
	BuiltIn map[string][]byte
	// ChecksIssuer are the URLs of documents whose clients are known to check who
	// answered them (RFC 9207 §2.4). A consent to another one is not remembered.
	ChecksIssuer []string
	// Roots are whose TLS certificates are believed; nil: the system's.
	Roots *x509.CertPool
}

// What a person can be told about a document. Nothing that was fetched is shown.
const (
	documentsOff        = "this server does not know apps by their own documents; the app has to register, or needs a client_id from whoever runs this server"
	documentNotListed   = "the host of the app is not on this server's list"
	documentUnreachable = "the document by which the app says who it is could not be fetched"
	documentGone        = "there is no document where the app says that its own is"
)

// maxDocument is how much of a document is read; a key set may be longer.
//
// draft-ietf-oauth-client-id-metadata-document §6.6: the server "SHOULD limit the
// response size", of which "5 kilobytes" is the recommended maximum.
const (
	maxDocument = 5 << 10
	maxKeySet   = 64 << 10
)

// fetchesAtOnce is how many documents and key sets are fetched at once, for
// whomever. Each may take as long as [safehttp.Timeout].
const fetchesAtOnce = 64

var errBusy = errors.New("authserver: as many fetches are under way as may be")

// keyRefetch is how often a key that is not in the set makes us look again.
const keyRefetch = 30 * time.Second

// clientDocuments finds clients by their documents, and their keys. Nothing is
// stored: whoever asks for a client fetches it.
type clientDocuments struct {
	MetadataDocuments
	schemes  []string
	loopback bool // the issuer is on this computer, and so may be a client in development
	inward   map[safehttp.Reach]*safehttp.Client
	underWay chan struct{}
	clients  *shelf[documentClient]
	keys     *shelf[token.KeySet]
}

type documentClient struct {
	oauth.Client
	keys token.KeySet // those in the document itself
}

func newClientDocuments(c Config) *clientDocuments {
	issuer, _ := url.Parse(c.Issuer) // New has parsed it
	d := &clientDocuments{MetadataDocuments: c.Registration.Documents, schemes: c.Registration.PrivateSchemes,
		loopback: oauth.OnLoopback(issuer), inward: map[safehttp.Reach]*safehttp.Client{}, underWay: make(chan struct{}, fetchesAtOnce)}
	for _, reach := range []safehttp.Reach{safehttp.Public, safehttp.Loopback, safehttp.Anywhere} {
		d.inward[reach] = safehttp.New(reach, d.Roots)
	}
	if d.Trust == TrustAllowed && len(d.Allowed) == 0 {
		for id := range d.BuiltIn {
			if u, err := url.Parse(id); err == nil {
				d.Allowed = append(d.Allowed, u.Host)
			}
		}
	}
	d.clients = newShelf(c.Now, d.read, func(ctx context.Context, id string) (safehttp.Answer, error) {
		return d.get(ctx, d.reach(id), fetch{id, "application/json", maxDocument})
	})
	d.clients.fallback = func(id string) (documentClient, bool) {
		c, err := d.read(id, d.BuiltIn[id])
		return c, err == nil
	}
	d.keys = newShelf(c.Now, func(_ string, body []byte) (token.KeySet, error) { return readKeys(body) }, d.fetchKeys)
	return d
}

// reach is how far a fetch may go: everywhere for a URL that the operator wrote,
// to this computer when we are on it too, and otherwise to public addresses.
func (d *clientDocuments) reach(id string) safehttp.Reach {
	u, err := url.Parse(id)
	switch {
	case slices.Contains(d.Allowed, id):
		return safehttp.Anywhere
	case err == nil && d.loopback && oauth.OnLoopback(u):
		return safehttp.Loopback
	}
	return safehttp.Public
}

// find returns the client at id. may is asked before anything is fetched.
func (d *clientDocuments) find(ctx context.Context, id string, may func() error) (oauth.Client, error) {
	refuse := func(why string, cause error) (oauth.Client, error) {
		return oauth.Client{}, oauth.Refuse(oauth.InvalidClient, why).Because(cause)
	}
	if d.Trust != TrustAnyone && d.Trust != TrustAllowed {
		return refuse(documentsOff, nil)
	}
	u, err := oauth.ParseDocumentURL(id, d.loopback)
	if err != nil {
		return refuse(oauth.AsError(err).Description, nil)
	}
	if d.Trust == TrustAllowed && !slices.Contains(d.Allowed, id) && !slices.Contains(d.Allowed, strings.ToLower(u.Host)) {
		return refuse(documentNotListed, nil)
	}
	fetched := false
	c, err := d.clients.get(ctx, id, time.Time{}, func() error {
		fetched = true
		return may()
	})
	if err == nil && fetched {
		flow := flowtrace.From(ctx)
		flow.Client(c.value.Client)
		if c.refused {
			flow.Did(flowtrace.Document, flowtrace.KeptDocument)
		} else {
			flow.Did(flowtrace.Document, flowtrace.FetchedDocument)
		}
	}
	var refusal *oauth.Error
	switch {
	case err == nil:
		return c.value.Client, nil
	case errors.Is(err, errGone):
		return refuse(documentGone, err)
	case errors.Is(err, errUnreachable):
		return oauth.Client{}, notNow(documentUnreachable).Because(err)
	case errors.As(err, &refusal) && refusal.Code != oauth.TooManyRequests:
		return refuse(refusal.Description, err)
	}
	return oauth.Client{}, err
}

func (d *clientDocuments) read(id string, body []byte) (documentClient, error) {
	c, err := oauth.ParseDocument(id, body, d.schemes)
	if err != nil || c.Keys == nil {
		return documentClient{Client: c}, err
	}
	keys, err := readKeys(c.Keys)
	return documentClient{c, keys}, err
}

// notNow is of a host that may answer later.
func notNow(sentence string) *oauth.Error {
	e := oauth.Refuse(oauth.TemporarilyUnavailable, sentence)
	e.RetryAfter = int(retryAfter.Seconds())
	return e
}

func readKeys(set []byte) (token.KeySet, error) {
	keys, err := token.ParseKeySet(set)
	if err != nil {
		return keys, oauth.Refuse(oauth.InvalidClient, "the client's keys cannot be taken: it has to publish a JWK set of public keys").Because(err)
	}
	return keys, nil
}

// keysOf returns the keys of a client, as they were at since or later where they
// are somewhere else than in its document.
func (d *clientDocuments) keysOf(ctx context.Context, c oauth.Client, since time.Time, may func() error) (token.KeySet, error) {
	if c.Keys != nil {
		return readKeys(c.Keys)
	}
	// The document is part of the name: how far the fetch may go hangs from it. Whoever
	// wrote the settings knows where theirs leads.
	name := c.ID + " " + c.KeysURI
	if c.Source == oauth.FromSettings {
		name = " " + c.KeysURI
	}
	set, err := d.keys.get(ctx, name, since, may)
	return set.value, err
}

const keySetTypes = "application/jwk-set+json, application/json"

// fetchKeys fetches a key set. It is no further inward than its document: a
// stranger may name any URL, also one that the operator wrote down for another.
func (d *clientDocuments) fetchKeys(ctx context.Context, name string) (safehttp.Answer, error) {
	id, keys, _ := strings.Cut(name, " ")
	if id == "" {
		return d.get(ctx, safehttp.Anywhere, fetch{keys, keySetTypes, maxKeySet})
	}
	at, err1 := url.Parse(id)
	to, err2 := url.Parse(keys)
	if err := errors.Join(err1, err2); err != nil {
		return safehttp.Answer{}, err
	}
	reach := d.reach(id)
	if reach != safehttp.Public && (at.Scheme != to.Scheme || at.Host != to.Host) {
		reach = d.reach(keys)
	}
	return d.get(ctx, reach, fetch{keys, keySetTypes, maxKeySet})
}

type fetch struct {
	url, accept string
	limit       int64
}

// get fetches, unless too much is being fetched: then what we have serves, as it
// does when a host is away. Otherwise strangers with many addresses, and a host
// that answers nobody, would have a connection here for each.
func (d *clientDocuments) get(ctx context.Context, reach safehttp.Reach, f fetch) (safehttp.Answer, error) {
	select {
	case d.underWay <- struct{}{}:
		defer func() { <-d.underWay }()
		return d.inward[reach].Get(ctx, f.url, f.accept, f.limit)
	default:
		return safehttp.Answer{}, errBusy
	}
}

// memorable reports whether a consent to this client may be remembered. Another
// authorization server, which the person's own honest client trusts, can send the
// person here under the id that all servers share, and have the client bring it the
// code; silence would then be consent. A client that checks who answered does not.
func (d *clientDocuments) memorable(id string) bool {
	return !oauth.IsDocumentURL(id) || slices.Contains(d.ChecksIssuer, id)
}
