package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"time"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/gateway/stdio"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// longestToken is how long a token may live that this installation has made: for
// so long a revocation is remembered. It is the most that access_ttl may say, and
// not what it says now, since older tokens were made when it said something else.
const longestToken = 24*time.Hour + time.Minute

// openGateway puts the guard before every resource that is behind this door.
func (d *door) openGateway() error {
	c := d.in.config
	o := gateway.Config{
		PublicURL: c.PublicURL, Keyring: d.in.keys, Grants: d.in.store, People: d.in.store,
		TokenLife: longestToken, Page: d.showResource, Flows: d.trace, Now: time.Now, Log: d.log,
	}
	for i, r := range c.ProtectedResources() {
		settings := c.Resources[i]
		if !settings.Guarded() {
			continue // a library guards it elsewhere
		}
		guarded, err := d.guarded(settings, r)
		if err != nil {
			return errors.Join(fmt.Errorf("resource %s: %w", settings.Name, err), d.close())
		}
		o.Resources = append(o.Resources, guarded)
	}
	var err error
	if d.gateway, err = gateway.New(o); err != nil {
		return errors.Join(err, d.close())
	}
	return nil
}

func (d *door) guarded(settings config.Resource, r oauth.ProtectedResource) (gateway.Resource, error) {
	g := gateway.Resource{
		ProtectedResource: r, Path: settings.Path, Host: settings.Host, Tools: map[string]resource.Tool{},
		DefaultToolScopes: oauth.NewScope(settings.DefaultToolScopes...),
		Identity:          settings.Identity, IdentityAlgorithm: d.in.config.IdentityAlgorithm(),
	}
	for _, tool := range settings.Tools {
		g.Tools[tool.Name] = resource.Tool{Scopes: oauth.NewScope(tool.Scopes...), Public: tool.Public}
	}
	switch {
	case settings.BuiltIn != "":
		handler, err := d.builtIn(settings)
		if err != nil {
			return g, err
		}
		g.Handler, g.Identity = handler, gateway.IdentityNone
	case len(settings.Command) > 0:
		if _, err := exec.LookPath(settings.Command[0]); err != nil {
			err = hint(err, "install it, or write its whole path")
			if d.in.config.FromCommandLine() {
				return g, err
			}
			// The other resources should not have to do without the door.
			d.log.Warn("a resource has a command that is not there", "resource", settings.Name, "cause", err.Error())
		}
		b := d.bridge(settings, r)
		g.Handler, g.Identity, g.Ended = b, gateway.IdentityNone, b.End
	default:
		upstream, err := url.Parse(settings.Upstream)
		if err != nil {
			return g, err
		}
		g.Upstream = upstream
	}
	if r.Connection != "" {
		own := ownTokens{d, r}
		if settings.BuiltIn != "" {
			g.Upstreams = own
		} else {
			g.Attach = own.attach
		}
	}
	return g, nil
}

// bridge starts nothing yet: a child starts with its first person.
func (d *door) bridge(settings config.Resource, r oauth.ProtectedResource) *stdio.Bridge {
	o := stdio.Options{Command: settings.Command, Log: d.log.With("resource", settings.Name), Key: personKey, Grant: grantOf}
	if d.in.config.FromCommandLine() {
		// Who started us in a shell expects that what they exported there reaches
		// the server they named. No settings file took a secret from it.
		o.Env = os.Environ()
	}
	o.Env = append(o.Env, settings.Environment()...)
	if name := settings.Connection.Env; name != "" {
		o.EnvOf = func(r *http.Request) []string { return ownEnvironment(name, r) }
		o.Entitled = ownTokens{d, r}.stillHas
	}
	b := stdio.New(o)
	d.bridges = append(d.bridges, b)
	return b
}

// personKey keeps people apart: no two share a child.
func personKey(r *http.Request) string {
	caller, _ := resource.CallerFrom(r.Context())
	return caller.Subject
}

// grantOf is the grant under which a call comes.
func grantOf(r *http.Request) string {
	caller, _ := resource.CallerFrom(r.Context())
	return caller.GrantID
}

// close ends what was started, children first.
func (d *door) close() error {
	var errs []error
	for _, b := range d.bridges {
		errs = append(errs, b.Close())
	}
	for _, c := range d.boards {
		errs = append(errs, c.Close())
	}
	if d.gateway != nil {
		errs = append(errs, d.gateway.Close())
	}
	return errors.Join(errs...)
}

// bounded gives every answer that is not a stream a time to be read by: a client
// that reads a byte a minute holds nothing for long. [door.streams] does so for
// the bodies.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = ""                                                                       // the mux names the route
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(60 * time.Second)) // not supported by this connection: nothing is lost
		next.ServeHTTP(w, r)
	})
}
