package standin

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// GitHub stands in for GitHub: its sign-in under /login/oauth, and of its API
// what says who somebody is and what concerns repositories and issues, at the
// root as on api.github.com and under /api/v3 as on Enterprise Server. It is not
// OpenID: there are no ID tokens.
//
// Set the fields before it serves. What is documented where is in
// docs/standins.md; the pages are GitHub's "Authorizing OAuth apps",
// "Troubleshooting authorization request errors", "Troubleshooting OAuth app
// access token request errors", "Generating a user access token for a GitHub
// App", "Refreshing user access tokens", "Scopes for OAuth apps" and the REST
// reference for users, emails, organizations, teams, OAuth authorizations,
// repositories, issues, pull requests and search.
type GitHub struct {
	Front

	// FineGrained makes the client a GitHub App: its tokens begin with ghu_ and
	// have no scopes. Otherwise it is an OAuth App, and they begin with gho_.
	FineGrained bool
	// Expiring is the setting of the client by which its tokens expire after
	// eight hours and come with a refresh token, ghr_, of six months that is
	// good once. An OAuth App without it gets such a pair by asking for the
	// scope offline_access; all other tokens last.
	Expiring bool
	// Wildcard is the setting of the client by which a redirect may go to
	// subdomains and below the path of a callback URL, as clients from before
	// August 2026 have it.
	Wildcard bool
	// Chooser shows a page to choose the person on, and to say no. Otherwise
	// the answer comes at once.
	Chooser bool
	// Limit is how many requests of the API a person has an hour; 0 is 5,000.
	Limit int
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	people  crowd[GitHubPerson]
	grants  map[string]*githubGrant // by access token
	refresh map[string]*githubGrant // by refresh token
	scopes  map[int64][]string      // that were ever allowed, by person
	spent   map[allowance]*hour     // of the API
	repos   []*githubRepo
}

// A GitHubPerson can sign in at [GitHub].
type GitHubPerson struct {
	ID       int64 // stays when the login changes; 0 is replaced by one that no other has
	Login    string
	Name     string
	Email    string // the primary one
	Verified bool   // whether Email was; sign-in is refused otherwise
	Public   bool   // whether Email is shown on the profile, and so in GET /user
	Others   []GitHubEmail
	Orgs     []string // logins
	Teams    []string // org/slug
}

// A GitHubEmail is an address besides the primary one.
type GitHubEmail struct {
	Email    string
	Verified bool
}

// githubGrant is one access token, and the refresh token that came with it.
type githubGrant struct {
	person           int64
	scopes           []string
	token, refresh   string
	expires, renewal time.Time // zero for tokens that last
	made, used       time.Time
}

// NewGitHub is GitHub with one client and these people. The first signs in,
// unless another was suggested or [Front.SignIn] says otherwise. There must be
// one, and the client must have a callback URL when somebody comes.
func NewGitHub(c Client, people ...GitHubPerson) *GitHub {
	g := &GitHub{
		Front: newFront(c), grants: map[string]*githubGrant{}, refresh: map[string]*githubGrant{},
		scopes: map[int64][]string{}, spent: map[allowance]*hour{},
	}
	g.People(people...)
	g.handle(Authorize, "GET /login/oauth/authorize", g.authorize)
	g.handle(Authorize, "POST /login/oauth/authorize", g.authorize)
	g.handle(Token, "POST /login/oauth/access_token", g.token)
	for _, api := range []string{"", "/api/v3"} {
		g.handle(User, "GET "+api+"/user", g.api(g.user))
		g.handle(Emails, "GET "+api+"/user/emails", g.api(g.emails))
		g.handle(Orgs, "GET "+api+"/user/orgs", g.api(g.orgs))
		g.handle(Teams, "GET "+api+"/user/teams", g.api(g.teams))
		g.handle(Repositories, "GET "+api+"/user/repos", g.api(g.listRepos))
		g.handle(Issues, "GET "+api+"/repos/{owner}/{repo}/issues", g.api(g.inRepo(g.listIssues)))
		g.handle(Issues, "POST "+api+"/repos/{owner}/{repo}/issues", g.api(g.inRepo(g.createIssue)))
		g.handle(Pulls, "POST "+api+"/repos/{owner}/{repo}/pulls", g.api(g.inRepo(g.createPull)))
		g.handle(Search, "GET "+api+"/search/issues", g.api(g.searchIssues))
		g.handle(Revoke, "DELETE "+api+"/applications/{id}/token", g.revoke)
		g.handle(Revoke, "DELETE "+api+"/applications/{id}/grant", g.revoke)
	}
	return g
}

// People replaces the people, at any time: somebody has another login now, or
// somebody else has theirs. Tokens stay with the ID, and end with it.
func (g *GitHub) People(people ...GitHubPerson) {
	for i := range people {
		if people[i].ID == 0 {
			people[i].ID = int64(583231 + i)
		}
	}
	g.people.set(people)
}

// Withdraw is the person who revokes the client in their settings: their tokens
// end, and they are asked again.
func (g *GitHub) Withdraw(login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.person(login); ok {
		g.forget(p.ID)
	}
}

func (g *GitHub) forget(person int64) {
	for _, grant := range g.grants {
		if grant.person == person {
			g.end(grant)
		}
	}
	delete(g.scopes, person)
}

func (g *GitHub) end(grant *githubGrant) {
	delete(g.grants, grant.token)
	delete(g.refresh, grant.refresh)
}

const githubDocs = "https://docs.github.com/apps/managing-oauth-apps/"

// authorize answers "1. Request a user's GitHub identity" of "Authorizing OAuth
// apps". Where a request is refused, the answer goes to the first registered
// callback, not to where the request wanted it.
func (g *GitHub) authorize(w http.ResponseWriter, r *http.Request, f Fault) {
	query := r.URL.Query()
	g.mu.Lock()
	client, signer := g.client, g.signer
	g.mu.Unlock()
	if query.Get("client_id") != client.ID || len(client.Redirects) == 0 {
		dead(w, http.StatusNotFound, "Not Found", "There is no such application, or it has no callback URL.")
		return
	}
	redirect, ok := g.match(client.Redirects, query.Get("redirect_uri"))
	refuse := func(code, description, anchor string) {
		http.Redirect(w, r, join(redirect, "error", code, "error_description", description,
			"error_uri", githubDocs+"troubleshooting-authorization-request-errors/"+anchor,
			"state", query.Get("state")), http.StatusFound)
	}
	if !ok {
		refuse("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.", "#redirect-uri-mismatch")
		return
	}
	// "Must be S256 - the plain code challenge method is not supported", and each
	// of the two parameters requires the other. The error is not documented.
	method := query.Get("code_challenge_method")
	if query.Get("code_challenge") == "" && method != "" || query.Get("code_challenge") != "" && method != "S256" {
		refuse("invalid_request", "code_challenge_method must be S256.", "")
		return
	}
	person := g.choose(signer, query.Get("login"))
	chosen, yes, done := answered(readForm(r))
	switch {
	case done:
		person = g.choose(chosen)
	case g.Chooser && !f.cancel:
		g.page(w, person)
		return
	}
	if done && !yes || f.cancel {
		refuse("access_denied", "The user has denied your application access.", "#access-denied")
		return
	}
	// "The temporary code will expire after 10 minutes."
	code := g.issue("", ask{query: query, redirect: redirect, person: strconv.FormatInt(person.ID, 10), expires: clock(g.Now).Add(10 * time.Minute)})
	http.Redirect(w, r, join(redirect, "code", code, "state", query.Get("state")), http.StatusFound)
}

func (g *GitHub) page(w http.ResponseWriter, chosen GitHubPerson) {
	page := chooser{Title: "Authorize application", Yes: "Authorize", Chosen: chosen.Login}
	for _, p := range g.people.all() {
		page.People = append(page.People, choice{p.Login, p.Login})
	}
	page.show(w)
}

// choose is who answers: the one that was said, the one suggested, the first.
func (g *GitHub) choose(logins ...string) GitHubPerson {
	return g.people.first(g.person, logins)
}

// person finds somebody by their login, which knows no case.
func (g *GitHub) person(login string) (GitHubPerson, bool) {
	return g.people.find(func(p GitHubPerson) bool { return strings.EqualFold(p.Login, login) })
}

func (g *GitHub) byID(id int64) (GitHubPerson, bool) {
	return g.people.find(func(p GitHubPerson) bool { return p.ID == id })
}

// match finds where to answer to. A request may leave it to the first callback
// URL. "Authorizing OAuth apps", "Redirect URLs" and "Loopback redirect urls":
// it must match exactly, except for the port on a loopback address, unless
// wildcard matching is on.
func (g *GitHub) match(registered []string, asked string) (string, bool) {
	if asked == "" {
		return registered[0], true
	}
	for _, uri := range registered {
		if uri == asked || below(uri, asked, g.Wildcard) {
			return asked, true
		}
	}
	return registered[0], false
}

// below tells whether asked is registered, but for the port on this computer
// and, with wildcards, a subdomain and a subdirectory.
func below(registered, asked string, wildcard bool) bool {
	a, errA := url.Parse(registered)
	b, errB := url.Parse(asked)
	if errA != nil || errB != nil || a.Scheme != b.Scheme || b.User != nil || b.Fragment != "" || b.RawQuery != a.RawQuery {
		return false
	}
	sameHost := a.Hostname() == b.Hostname() || wildcard && strings.HasSuffix(b.Hostname(), "."+a.Hostname())
	samePort := a.Port() == b.Port() || loopback(a.Hostname())
	under := a.Path == b.Path || wildcard && strings.HasPrefix(path.Clean(b.Path), strings.TrimSuffix(a.Path, "/")+"/")
	return sameHost && samePort && under
}

// loopback tells whether a host is this computer. RFC 6761 §6.3, RFC 1122
// §3.2.1.3.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
