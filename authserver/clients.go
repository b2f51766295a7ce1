package authserver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// A clientCache spares the token endpoint a read. It may be behind by a second:
// what a removed client could do in that second fails at its grants, which end
// in the same statement as the client, or when it is confirmed.
type clientCache struct {
	store    store.Clients
	settings map[string]oauth.Client // pre-registered in the settings file
	now      func() time.Time

	documents *clientDocuments
	mayFetch  func(*http.Request) error

	mu    sync.RWMutex
	found map[string]cachedClient
}

type cachedClient struct {
	client oauth.Client
	at     time.Time
}

const (
	clientCacheAge  = time.Second
	clientCacheSize = 4096
)

func newClientCache(c Config, mayFetch func(*http.Request) error) *clientCache {
	cc := &clientCache{store: c.Clients, settings: map[string]oauth.Client{}, now: c.Now, found: map[string]cachedClient{},
		documents: newClientDocuments(c), mayFetch: mayFetch}
	for _, known := range c.Preregistered {
		cc.settings[known.ID] = known
	}
	return cc
}

// find returns a client. What is not found is not remembered. The errors are
// store.ErrNotFound, and refusals with invalid_client or temporarily_unavailable
// where the id is the URL of a metadata document.
func (cc *clientCache) find(r *http.Request, id string) (oauth.Client, error) {
	if id == "" || len(id) > 512 {
		return oauth.Client{}, store.ErrNotFound
	}
	if c, ok := cc.settings[id]; ok {
		return c, nil
	}
	if oauth.IsDocumentURL(id) {
		return cc.documents.find(r.Context(), id, func() error { return cc.mayFetch(r) })
	}
	now := cc.now()
	cc.mu.RLock()
	hit, ok := cc.found[id]
	cc.mu.RUnlock()
	if ok && now.Sub(hit.at) < clientCacheAge {
		return hit.client, nil
	}
	c, err := cc.store.Client(r.Context(), id)
	if err != nil {
		return oauth.Client{}, err
	}
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if len(cc.found) >= clientCacheSize {
		// Strangers can register many; a full cache starts anew.
		clear(cc.found)
	}
	cc.found[id] = cachedClient{c, now}
	return c, nil
}

// name is what a client calls itself, as far as that is at hand: a list of grants
// is no reason to fetch anything.
func (cc *clientCache) name(r *http.Request, id string) string {
	if oauth.IsDocumentURL(id) {
		c, _ := cc.documents.clients.peek(id)
		return c.Metadata.ClientName
	}
	c, err := cc.find(r, id)
	if err != nil {
		return ""
	}
	return c.Metadata.ClientName
}

// confirm reads the client that redeems a code once more, past the cache. A client
// that was removed makes no grants, not in the same second either, nor when it
// has registered anew since and, being the same, got its old id: whom the person
// allowed is the one that was here since then.
//
// It also notes, once a day, that a client is in use, so that the pruner never
// takes away what is about to get a grant.
func (cc *clientCache) confirm(ctx context.Context, id string, since time.Time) error {
	if _, ok := cc.settings[id]; ok || oauth.IsDocumentURL(id) {
		return nil
	}
	c, err := cc.store.Client(ctx, id)
	switch {
	case err == nil && !c.Created.Equal(since):
		return oauth.Refuse(oauth.InvalidGrant, "the code was issued before the client registered")
	case err == nil && c.Source == oauth.FromRegistration && cc.now().Sub(c.LastUsed) >= 24*time.Hour:
		err = cc.store.Touch(ctx, id)
	}
	if isNotFound(err) {
		return oauth.Refuse(oauth.InvalidClient, "the client is unknown; register again")
	}
	return err
}
