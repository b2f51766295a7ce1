package doctor

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// observations are everything that was seen. Only the probe writes them; the
// checks only read.
type observations struct {
	target  *url.URL
	now     time.Time
	clients []clientbook.Client
	network network

	calls    calls
	resource []place // where the resource's metadata was looked for
	prm      *place  // the one that a client which looks everywhere uses first
	issuer   string  // the first authorization server, as the resource's metadata names it
	// documentAgents are the metadata documents, as each client asks for them.
	documentAgents []agentCall
	server         []place // where the authorization server's metadata was looked for
	as             *place  // the one that a client which looks everywhere uses first
	fallback       fallback

	keys          *exchange
	preflights    []preflight
	registrations []registration
	authorize     authorizations
	token         tokenAnswers
	catalogue     catalogue
	visit         *visit // what --sign-in saw; nil without it

	trace []*exchange
	// unfinished says that there would have been more to ask.
	unfinished bool
}

// calls are requests to the MCP server itself, without a token unless it says so.
type calls struct {
	initialize *exchange // 2025-11-25
	discover   *exchange // 2026-07-28
	stream     *exchange // GET
	badToken   *exchange // with a token that nobody issued
	slash      *exchange // with a slash after the path, or without the one that is there
	anyAccept  *exchange // Accept: */*
	browser    *exchange // with an Origin
	agents     []agentCall
	rebound    *exchange // with an Origin that has no business here; for a server on this computer
	plain      *exchange // initialize by http instead of https
	missing    *exchange // a well-known path with nothing at it
}

// An agentCall is initialize, as a client with this user agent sends it.
type agentCall struct {
	agent   string
	clients []string
	*exchange
	like *exchange // the same without that user agent
}

// open reports whether the server answers a stranger.
func (c calls) open() bool { return answers(c.initialize) || answers(c.discover) }

// A place is an address at which a client looks for a document.
type place struct {
	where string // as clientbook writes it: "challenge", or a path template
	*exchange
	members map[string]any // nil: there is no JSON object
}

func newPlace(where string, x *exchange) place {
	p := place{where: where, exchange: x}
	if x.ok() {
		_ = json.Unmarshal(x.text, &p.members) // nil says that it is none
	}
	return p
}

// found reports whether a document is there, be it good or bad.
func (p *place) found() bool { return p != nil && p.ok() && p.members != nil }

// text is a member that is a string.
func (p *place) str(name string) string {
	if p == nil {
		return ""
	}
	s, _ := p.members[name].(string)
	return s
}

// list is a member that is a list of strings, and whether it is there.
func (p *place) list(name string) ([]string, bool) {
	if p == nil {
		return nil, false
	}
	raw, ok := p.members[name]
	return texts(raw), ok
}

func (p *place) yes(name string) bool {
	if p == nil {
		return false
	}
	b, _ := p.members[name].(bool)
	return b
}

func texts(raw any) []string {
	var all []string
	elements, _ := raw.([]any)
	for _, e := range elements {
		if s, ok := e.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// A fallback is what a client of MCP 2025-03-26 finds: metadata at the origin of
// the MCP URL, or endpoints at fixed paths.
type fallback struct {
	metadata  *place
	authorize *exchange // GET /authorize
}

// A preflight is what a browser asks before it lets a page send a request.
type preflight struct {
	of      string // "the MCP server"
	method  string
	headers []string
	*exchange
}

// A registration is one that was tried.
type registration struct {
	clients []string // whose request it was; nil: the doctor's own
	asked   map[string]any
	*exchange
	got     map[string]any
	removed *exchange
	secret  bool // the client cannot do without one
}

func (r *registration) id() string {
	s, _ := r.got["client_id"].(string)
	return s
}

func (r *registration) good() bool {
	return r != nil && r.exchange != nil && r.err == nil && (r.status == 200 || r.status == 201) && r.id() != ""
}

// limited reports whether the server only said that there were too many, or was
// not asked any more.
func (r *registration) limited() bool {
	return errors.Is(r.err, errSpent) || r.err == nil && r.status == http.StatusTooManyRequests
}

// refused reports whether the server was asked and said no.
func (r *registration) refused() bool { return !r.good() && !r.limited() }

// authorizations are requests to the authorization endpoint, none of them by
// someone who is signed in.
type authorizations struct {
	right     *exchange // as a client does it
	noPKCE    *exchange
	stranger  *exchange // a redirect URI that was not registered
	otherPort *exchange // a loopback redirect URI with another port
	slash     *exchange // resource with a slash after it
	unknown   *exchange // a client_id that nobody has
	documents []documentVisit
	clientID  string
	redirect  string
	state     string
}

// A documentVisit is an authorization request with the published client_id of a
// client.
type documentVisit struct {
	clients []string
	url     string
	*exchange
}

// tokenAnswers are requests to the token endpoint that have to fail.
type tokenAnswers struct {
	code    *exchange // a code that nobody issued
	refresh *exchange // a refresh token that nobody issued
	unknown *exchange // a client that nobody knows
}

// resourceURL is the URL of the MCP server as it was given.
func (o *observations) resourceURL() string { return o.target.String() }

func (o *observations) origin() string { return o.target.Scheme + "://" + o.target.Host }

// private reports whether the server is where the internet does not reach.
func (o *observations) private() bool { return o.network.inside() }

// protected reports whether the server asks for a token, or says where to get
// one.
func (o *observations) protected() bool { return !o.calls.open() || o.prm.found() }

// reached reports whether the MCP server answered anything.
func (o *observations) reached() bool {
	return o.calls.initialize != nil && o.calls.initialize.err == nil
}

// expand fills a path template of the book: {path} is the path of u.
func expand(template string, u *url.URL) string {
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	return strings.ReplaceAll(template, "{path}", path)
}

func newMembers(x *exchange) map[string]any {
	var members map[string]any
	if x != nil && x.err == nil {
		_ = json.Unmarshal(x.text, &members) // nil says that there is none
	}
	return members
}
