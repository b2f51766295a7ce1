package standin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authorize answers "Send an authentication request to Google" of "OpenID
// Connect". What is wrong with the client, the redirect or the form of the
// request is said on a page, with "Error 400" and a code, and never sent to the
// client: "Authorization errors" of "Using OAuth 2.0 for Web Server
// Applications".
func (g *Google) authorize(w http.ResponseWriter, r *http.Request, f Fault) {
	query := r.URL.Query()
	g.mu.Lock()
	client, signer := g.client, g.signer
	g.mu.Unlock()
	redirect := query.Get("redirect_uri")
	switch {
	case query.Get("client_id") != client.ID:
		dead(w, http.StatusUnauthorized, "Error 401: invalid_client", "The OAuth client was not found.")
		return
	case redirect == "" || query.Get("response_type") != "code" || query.Get("scope") == "":
		dead(w, http.StatusBadRequest, "Error 400: invalid_request", "Required parameter is missing, or not supported here.")
		return
	case !slices.Contains(client.Redirects, redirect):
		dead(w, http.StatusBadRequest, "Error 400: redirect_uri_mismatch", "The redirect URI in the request does not match the ones authorized for the OAuth client.")
		return
	}
	issuer, _ := g.issuer(r)
	refuse := func(code string) {
		http.Redirect(w, r, join(redirect, "error", code, "state", query.Get("state"), "iss", issuer), http.StatusFound)
	}
	person := g.suggested(query, signer)
	g.mu.Lock()
	known := covers(g.agreed[person.Sub], scopes(query.Get("scope")))
	g.mu.Unlock()
	chosen, yes, done := answered(readForm(r))
	switch {
	case done:
		person = g.choose(chosen)
	case query.Get("prompt") == "none" && !known:
		refuse("interaction_required")
		return
	case g.Chooser && !f.cancel && query.Get("prompt") != "none":
		g.page(w, person)
		return
	}
	if done && !yes || f.cancel {
		refuse("access_denied")
		return
	}
	g.agree(w, r, ask{query: query, redirect: redirect, person: person.Sub, expires: clock(g.Now).Add(10 * time.Minute)})
}

// agree sends the code, with the parameters that Google sends with it and in
// its order; iss is that of RFC 9207.
func (g *Google) agree(w http.ResponseWriter, r *http.Request, a ask) {
	issuer, _ := g.issuer(r)
	person := g.choose(a.person)
	g.mu.Lock()
	prompt := "none"
	if !covers(g.agreed[a.person], scopes(a.get("scope"))) || a.get("prompt") == "consent" {
		prompt = "consent"
	}
	// What was never allowed, or is to be allowed again, comes with a refresh
	// token; the token endpoint reads it from here.
	a.first = prompt == "consent"
	g.agreed[a.person] = union(g.agreed[a.person], scopes(a.get("scope")))
	g.mu.Unlock()
	code := g.issue("4/0A", a)
	http.Redirect(w, r, join(a.redirect, "state", a.get("state"), "iss", issuer, "code", code,
		"scope", strings.Join(scopes(a.get("scope")), " "), "authuser", "0", "hd", person.HD, "prompt", prompt), http.StatusFound)
}

func (g *Google) page(w http.ResponseWriter, chosen GooglePerson) {
	page := chooser{Title: "Sign in with Google", Yes: "Continue", Chosen: chosen.Sub}
	for _, p := range g.people.all() {
		page.People = append(page.People, choice{p.Sub, p.Email})
	}
	page.show(w)
}

// suggested is who answers. login_hint, an address or a sub, and hd, a domain
// or *, only suggest: "Don't rely on this UI optimization to control who can
// access your app", and whoever SignIn named comes through.
func (g *Google) suggested(query url.Values, signer string) GooglePerson {
	ids := []string{signer, query.Get("login_hint")}
	if hd := query.Get("hd"); hd != "" {
		for _, p := range g.people.all() {
			if p.HD == hd || hd == "*" && p.HD != "" {
				ids = append(ids, p.Sub)
			}
		}
	}
	return g.choose(ids...)
}

// scopes reads a scope, with the short names of two of them written as the
// tokens have them.
func scopes(text string) []string {
	var all []string
	for _, s := range strings.Fields(text) {
		if s == "email" || s == "profile" {
			s = "https://www.googleapis.com/auth/userinfo." + s
		}
		all = union(all, []string{s})
	}
	return all
}

func covers(has, wants []string) bool {
	return !slices.ContainsFunc(wants, func(s string) bool { return !slices.Contains(has, s) })
}

// union has all of both, each once and in order.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
