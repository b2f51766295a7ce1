package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/resource"
)

// A door is the running program: one literal wires it.
type door struct {
	in       *installation
	log      *slog.Logger
	auth     *authserver.Server
	pages    *pages.Pages
	metrics  *metrics
	guarded  map[string]http.Handler // by path
	draining atomic.Bool
}

func build(ctx context.Context, in *installation, log *slog.Logger) (*door, error) {
	c := in.config
	for _, r := range c.ProtectedResources() {
		if err := in.keys.Ensure(ctx, r.Algorithm); err != nil {
			return nil, err
		}
	}
	p, err := pages.New(pages.Site{Name: "Sallyport", PublicURL: c.PublicURL})
	if err != nil {
		return nil, err
	}
	d := &door{in: in, log: log, pages: p, metrics: newMetrics(), guarded: map[string]http.Handler{}}
	d.auth, err = authserver.New(authserver.Config{
		Issuer: c.PublicURL, Resources: c.ProtectedResources(), Keys: in.keys,
		Grants: in.store, Clients: in.store, People: in.store, Sessions: in.store, Consents: in.store, Events: in.store,
		Local: login.NewLocal(login.LocalOptions{People: in.store, Now: time.Now}), Pages: p,
		Preregistered: c.PreRegistered(),
		AccessTTL:     c.Tokens.AccessTTL, RefreshTTL: c.Tokens.RefreshTTL, CodeTTL: c.Tokens.CodeTTL,
		Registration: authserver.Registration{
			Open: c.Registration.Dynamic == "open", Token: registrationToken(c), PrivateSchemes: c.Registration.PrivateSchemes,
		},
		Now: time.Now, Log: log, Address: weblog.Addresses(c.Proxies()),
	})
	if err != nil {
		return nil, err
	}
	demo := demo.New(demo.Options{Version: versionText()})
	for i, r := range c.ProtectedResources() {
		g, err := resource.New(resource.Config{Resource: r, Issuer: c.PublicURL, Verifier: resource.Local{Keyring: in.keys, Issuer: c.PublicURL, Audience: r.ID}, Person: in.store.Person})
		if err != nil {
			return nil, err
		}
		d.guarded[c.Resources[i].Path] = g.Wrap(demo)
	}
	return d, nil
}

func (d *door) close() {}

func (d *door) endStreams() {}

// handler is everything that the listener answers.
func (d *door) handler() http.Handler {
	mux := http.NewServeMux()
	d.auth.Routes(mux)
	mux.Handle("GET /assets/", d.pages.Assets())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", d.ready)
	mux.Handle("GET /metrics", d.metrics.onMain(d.in.config))
	root := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := d.guarded[strings.TrimSuffix(r.URL.Path, "/")]; ok {
			h.ServeHTTP(w, r)
			return
		}
		if r.URL.Path != path.Clean(r.URL.Path) && r.URL.Path != path.Clean(r.URL.Path)+"/" {
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return weblog.Wrap(weblog.Options{
		Log: d.log, Now: time.Now, Address: weblog.Addresses(d.in.config.Proxies()), Observe: d.metrics.observe,
	}, root)
}

// ready says whether requests may be sent here: the database answers, and the
// server is not stopping.
func (d *door) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	err := d.in.store.Ping(ctx)
	if d.draining.Load() {
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
	all.Go(func() { d.prune(ctx) })
	all.Wait()
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
		removed, err := d.in.store.Prune(ctx, time.Now().Add(-keepEnded), pruneLimit)
		if err != nil {
			d.log.Error("pruning failed; it is tried again in an hour", "cause", err.Error())
			continue
		}
		d.log.Info("pruned", "grants", removed.Grants, "sessions", removed.Sessions, "clients", removed.Clients, "keys", removed.Keys)
	}
}
