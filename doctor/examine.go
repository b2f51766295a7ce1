package doctor

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// ErrURL is an address that cannot be that of an MCP server.
var ErrURL = errors.New("this is not the URL of an MCP server: give one that begins with https:// or http://")

// A Config says what to look at. URL is required.
type Config struct {
	URL string
	// Clients are the ids of the clients to look for; nil: all that are known.
	Clients []string
	// Register lets the doctor register a client, as every client does that has
	// no document of its own. Without it less is seen.
	Register bool
	// SignIn completes the flow with a person; nil: it ends at the sign-in page.
	SignIn *SignIn
	// Progress is told what is being done; nil: nobody is.
	Progress func(what string)
	Roots    *x509.CertPool   // whose certificates are trusted; nil: the system's
	Now      func() time.Time // nil: time.Now

	network  *network      // where the server is; nil: looked up
	patience time.Duration // with each request; 0: the constant
	rest     func(context.Context, time.Duration)
}

// Clients are the ids and names of the clients that are known, the most common
// first.
func Clients() [][2]string {
	var all [][2]string
	for _, c := range clientbook.Clients() {
		all = append(all, [2]string{c.ID, c.Name})
	}
	return all
}

// Examine looks at an MCP server. The error is [ErrURL] or about the names of
// clients; whatever is wrong with the server is in the report. It makes at most
// a few hundred requests and ends when ctx does.
func Examine(ctx context.Context, c Config) (Report, error) {
	target, err := parseTarget(c.URL)
	if err != nil {
		return Report{}, err
	}
	clients, err := choose(c.Clients)
	if err != nil {
		return Report{}, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.rest == nil {
		c.rest = sleep
	}
	o := &observations{target: target, clients: clients, now: c.Now()}
	if c.network != nil {
		o.network = *c.network
	} else {
		o.network = lookUp(ctx, target)
	}
	transport := o.network.transport(c.Roots)
	defer transport.CloseIdleConnections()
	p := &probe{config: c, o: o, redirect: loopbackRedirect, closeListener: func() {}, wire: &wire{
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		agent:  agentName, told: c.Progress, now: c.Now, patience: cmp.Or(c.patience, patience), rest: c.rest, spent: &spent{},
	}}
	for _, values := range target.Query() {
		for _, v := range values {
			p.keep(v) // keys stand in addresses, at times
		}
	}
	p.run(ctx)
	o.trace, o.unfinished = p.wire.trace, p.wire.spent.all
	report := judge(o, p.secrets)
	report.At = c.Now().UTC()
	return report, nil
}

// agentName is what the doctor calls itself where it is not somebody else.
const agentName = "sallyport-doctor/1 (+https://github.com/sallyport-dev/sallyport)"

func parseTarget(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, ErrURL
	case u.User != nil:
		return nil, fmt.Errorf("%w, without a password in it", ErrURL)
	}
	u.Fragment = ""
	return u, nil
}

// choose finds clients by their ids.
func choose(ids []string) ([]clientbook.Client, error) {
	all := clientbook.Clients()
	if len(ids) == 0 {
		return all, nil
	}
	var chosen []clientbook.Client
	for _, id := range ids {
		at := slices.IndexFunc(all, func(c clientbook.Client) bool { return strings.EqualFold(c.ID, id) })
		if at < 0 {
			var known []string
			for _, c := range all {
				known = append(known, c.ID)
			}
			return nil, fmt.Errorf("there is no client %q; there are %s", id, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}

// A probe makes the requests of one examination.
type probe struct {
	config  Config
	o       *observations
	wire    *wire
	secrets []string // what was given to us that nobody may read

	redirect      string        // the doctor's own redirect URI
	answers       chan *url.URL // what arrived there; nil: nobody listens
	closeListener func()
}

// run makes the requests in the order in which a client does, and stops where
// there is nothing more to be seen.
func (p *probe) run(ctx context.Context) {
	p.askServer(ctx)
	if !p.o.reached() {
		return
	}
	p.listen()
	defer p.closeListener()
	p.findResource(ctx)
	p.findServer(ctx)
	p.askForDocumentsAsEach(ctx)
	if p.o.protected() {
		p.register(ctx)
		p.goToSignIn(ctx)
		p.askToken(ctx)
	}
	p.askPreflights(ctx)
	switch {
	case p.config.SignIn != nil && p.o.protected():
		p.signIn(ctx)
	case p.o.calls.initialize.ok():
		p.o.catalogue = p.list(ctx, "")
	}
	p.tidyUp(ctx)
}

// keep remembers a value that no report may show.
func (p *probe) keep(secret string) string {
	if secret != "" {
		p.secrets = append(p.secrets, secret)
	}
	return secret
}

// newJar is where the cookies of one visit to a sign-in page are.
func newJar() http.CookieJar {
	jar, _ := cookiejar.New(nil) // fails for no options
	return jar
}
