package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/console"
	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/gateway/stdio"
	"github.com/sallyport-dev/sallyport/internal/clientbook"
	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
	"github.com/sallyport-dev/sallyport/vault"
)

// A door is the running program: one literal wires it.
type door struct {
	in       *installation
	log      *slog.Logger
	auth     *authserver.Server
	api      *console.API
	pages    *pages.Pages
	help     func() map[string]pages.ResourcePage // made when the first person asks
	metrics  *metrics
	trace    *flowtrace.Recorder
	vault    *vault.Vault
	gateway  *gateway.Gateway
	bridges  []*stdio.Bridge
	boards   []*chess.Server
	stopping context.Context // done when the server is asked to stop
}

func build(ctx context.Context, in *installation, log *slog.Logger) (*door, error) {
	c := in.config
	own := administration(in)
	for _, r := range append(c.ProtectedResources(), own) {
		if err := in.keys.Ensure(ctx, r.Algorithm); err != nil {
			return nil, err
		}
	}
	p, err := pages.New(pages.Site{Name: c.Site.Name, LogoURL: c.Site.LogoURL, Accent: c.Site.Accent, PublicURL: c.PublicURL})
	if err != nil {
		return nil, err
	}
	ways, err := waysOf(c)
	if err != nil {
		return nil, err
	}
	d := &door{in: in, log: log, pages: p, metrics: newMetrics(), trace: newTrace(in, log), vault: newVault(in, ways, log), stopping: ctx}
	d.metrics.leaves(d.trace)
	d.help = sync.OnceValue(func() map[string]pages.ResourcePage { return helpPages(c.ProtectedResources()) })
	if err := d.openGateway(); err != nil {
		return nil, err
	}
	elsewhere := upstreams(c, ways)
	askDevices, err := webAuthn(in)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.auth, err = authserver.New(authserver.Config{
		Issuer: c.PublicURL, Resources: c.ProtectedResources(), Administration: own, Keys: in.keys,
		Grants: in.store, Clients: in.store, People: in.store, Sessions: in.store, Consents: in.store, Events: in.store, Assertions: in.store,
		Identities: in.store, Passkeys: in.store,
		Local: passwords(in), WebAuthn: askDevices, Upstreams: elsewhere, Aliases: c.Aliases, Vault: d.vault, Pages: p,
		Preregistered: c.PreRegistered(),
		AccessTTL:     c.Tokens.AccessTTL, RefreshTTL: c.Tokens.RefreshTTL, CodeTTL: c.Tokens.CodeTTL,
		Registration: authserver.Registration{
			Open: c.Registration.Dynamic == "open", Token: registrationToken(c), PrivateSchemes: c.Registration.PrivateSchemes,
			Documents: authserver.MetadataDocuments{
				Trust: authserver.Trust(c.Registration.MetadataDocuments), Allowed: c.Registration.AllowedDocuments,
				BuiltIn: clientbook.Documents(), ChecksIssuer: checkingIssuer(),
			},
		},
		Now: time.Now, Log: log, Address: weblog.Addresses(c.Proxies()), Revoked: d.gateway.Notify, Flows: d.trace,
	})
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.vault.Gone = d.auth.Refused
	d.api, err = console.New(console.Config{
		PublicURL: c.PublicURL, Tokens: in.keys, Grants: in.store, People: in.store, Flows: flowReader(in), Now: time.Now,
	})
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// administration is this server's own API, as a resource. It is this server that
// checks its tokens.
func administration(in *installation) oauth.ProtectedResource {
	algorithm := in.config.Tokens.SigningAlgorithm
	if algorithm == "auto" {
		algorithm = token.ES256
	}
	return console.Administration(in.config.PublicURL, in.config.Site.Name, algorithm)
}

// checkingIssuer are the documents of clients that refuse an answer without iss.
func checkingIssuer() []string {
	var urls []string
	for _, c := range clientbook.Clients() {
		for _, n := range c.Connections {
			if n.Registration.Published && slices.Contains(n.Needs, clientbook.NeedIss) {
				urls = append(urls, n.Registration.URL)
			}
		}
	}
	return urls
}

// handler is everything that the listener answers.
func (d *door) handler() http.Handler {
	mux := http.NewServeMux()
	d.auth.Routes(mux)
	d.api.Routes(mux)
	mux.Handle("GET /assets/", d.pages.Assets())
	d.health(mux)
	mux.Handle("GET /metrics", d.metrics.onMain(d.in.config))
	return weblog.Wrap(weblog.Options{
		Log: d.log, Now: time.Now, Address: weblog.Addresses(d.in.config.Proxies()), Observe: d.metrics.observe,
	}, strictTransport(d.in.config.PublicURL, d.streams(d.gateway.Wrap(bounded(mux)))))
}

// health is what asks whether the server is there, and ready.
func (d *door) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", d.ready)
}

// operations is what the listener of metrics_listen answers. It is there until
// the last request has finished, so /readyz says there that the server stops.
func (d *door) operations() http.Handler {
	mux := http.NewServeMux()
	d.health(mux)
	mux.Handle("GET /metrics", d.metrics.handler())
	return mux
}

// bodyTime is how long a client may take to send a body.
const bodyTime = 30 * time.Second

// streams ends the streams that only listen when the server stops: they would
// never end on their own, and nothing is lost, as clients open them again.
func (d *door) streams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = "MCP" // what the mux does not serve; for the log and the metrics
		if r.ContentLength != 0 {
			// Every answer waits for the body, also where nobody reads it. Who does
			// read it, sets a time of their own.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // not supported by this connection: nothing is lost
		}
		if r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(d.stopping, cancel)()
			inner := r.WithContext(ctx)
			next.ServeHTTP(w, inner)
			r.Pattern = inner.Pattern
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ready says whether requests may be sent here: the database answers, and the
// server is not stopping.
func (d *door) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	err := d.in.store.Ping(ctx)
	if d.stopping.Err() != nil {
		err = errors.New("stopping")
	}
	if err != nil {
		d.log.Warn("not ready", "cause", err.Error())
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ready\n"))
}

// background does what happens on its own, until ctx ends.
func (d *door) background(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { d.in.keys.Run(ctx) })
	all.Go(func() { d.gateway.Run(ctx) })
	all.Go(func() { d.readmit(ctx) })
	all.Go(func() { d.prune(ctx) })
	all.Go(func() { d.trace.Run(ctx) })
	all.Wait()
}

// readmit ends, once, what people have whom the settings do not let in any more.
func (d *door) readmit(ctx context.Context) {
	ended, err := d.auth.Readmit(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		d.log.Error("whether everybody may still come in could not be looked at; refreshing looks again", "cause", err.Error())
	case ended > 0:
		d.log.Warn("the settings do not let in some whom they did; what they had allowed has ended", "grants", ended)
	}
}

// prune removes, every hour, what ended long ago.
func (d *door) prune(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		d.pruneAll(ctx)
	}
}

// pruneAll goes on for as long as a round removes all that it may: strangers can
// leave more behind in an hour than one round takes away.
func (d *door) pruneAll(ctx context.Context) {
	var all store.Pruned
	for more := true; more; {
		removed, err := d.in.store.Prune(ctx, time.Now().Add(-keepEnded), pruneLimit)
		if err != nil {
			d.log.Error("pruning failed; it is tried again in an hour", "cause", err.Error())
			return
		}
		all = store.Pruned{Grants: all.Grants + removed.Grants, Sessions: all.Sessions + removed.Sessions,
			Clients: all.Clients + removed.Clients, Keys: all.Keys + removed.Keys, Assertions: all.Assertions + removed.Assertions}
		more = max(removed.Grants, removed.Sessions, removed.Clients, removed.Keys, removed.Assertions) >= pruneLimit
	}
	flows, err := pruneFlows(ctx, d.in)
	if err != nil {
		d.log.Error("pruning the flow trace failed; it is tried again in an hour", "cause", err.Error())
		return
	}
	d.log.Info("pruned", "flows", flows, "grants", all.Grants, "sessions", all.Sessions, "clients", all.Clients, "keys", all.Keys, "assertions", all.Assertions)
}
