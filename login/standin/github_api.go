package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hour counts requests of the API.
type hour struct {
	ends time.Time
	used int
}

// An allowance is a person's, for one part of the API.
type allowance struct {
	person int64
	what   string
}

// githubRefuse writes an error of the API.
func githubRefuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, struct {
		Message string `json:"message"`
		Docs    string `json:"documentation_url"`
		Status  string `json:"status"`
	}{message, "https://docs.github.com/rest", strconv.Itoa(status)})
}

// A reader answers a person's request; what it answers with status 200 is a list
// or an object. It has the lock.
type reader func(w http.ResponseWriter, r *http.Request, p GitHubPerson, grant *githubGrant) any

// api lets a reader answer to whoever has a token: "Authorization: Bearer" or
// "token". "Rate limits for the REST API" says what the headers are.
func (g *GitHub) api(read reader) handler {
	return func(w http.ResponseWriter, r *http.Request, _ Fault) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
		w.Header().Set("X-GitHub-Request-Id", text("", 20))
		g.mu.Lock()
		defer g.mu.Unlock()
		grant := g.grants[token]
		var p GitHubPerson
		if grant != nil {
			known := false
			if p, known = g.byID(grant.person); !known {
				grant = nil
			}
		}
		switch {
		case r.UserAgent() == "":
			// "User agent required": REST reference, "Getting started".
			http.Error(w, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.", http.StatusForbidden)
			return
		case scheme == "":
			githubRefuse(w, http.StatusUnauthorized, "Requires authentication")
			return
		case grant == nil || !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token"),
			!grant.expires.IsZero() && !clock(g.Now).Before(grant.expires):
			githubRefuse(w, http.StatusUnauthorized, "Bad credentials")
			return
		}
		grant.used = clock(g.Now)
		if !g.FineGrained {
			w.Header().Set("X-OAuth-Scopes", strings.Join(grant.scopes, ", "))
			w.Header().Set("X-OAuth-Client-Id", g.client.ID)
		}
		if !g.within(w.Header(), r, p.ID) {
			githubRefuse(w, http.StatusForbidden, fmt.Sprintf("API rate limit exceeded for user ID %d.", p.ID))
			return
		}
		if body := read(w, r, p, grant); body != nil {
			answer(w, http.StatusOK, paged(w, r, body))
		}
	}
}

// within counts a request of a person, and writes the headers that say how many
// are left: 5,000 an hour, and of searches 30 a minute.
func (g *GitHub) within(head http.Header, r *http.Request, person int64) bool {
	limit, long, of := g.Limit, time.Hour, allowance{person, "core"}
	if limit == 0 {
		limit = 5000
	}
	if strings.Contains(r.URL.Path, "/search/") {
		limit, long, of.what = min(limit, 30), time.Minute, "search"
	}
	now, h := clock(g.Now), g.spent[of]
	if h == nil || !now.Before(h.ends) {
		h = &hour{ends: now.Add(long)}
		g.spent[of] = h
	}
	ok := h.used < limit
	if ok {
		h.used++
	}
	head.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	head.Set("X-RateLimit-Remaining", strconv.Itoa(limit-h.used))
	head.Set("X-RateLimit-Reset", strconv.FormatInt(h.ends.Unix(), 10))
	head.Set("X-RateLimit-Used", strconv.Itoa(h.used))
	head.Set("X-RateLimit-Resource", of.what)
	return ok
}

// paged cuts a list as per_page, 30 or at most 100, and page say, and links to
// the other pages: "Using pagination in the REST API".
func paged(w http.ResponseWriter, r *http.Request, body any) any {
	list, ok := body.([]map[string]any)
	if !ok {
		return body
	}
	size := number(r, "per_page", 30, 100)
	page, last := number(r, "page", 1, 1<<30), max(1, (len(list)+size-1)/size)
	var links []string
	link := func(n int, rel string) {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", origin(r), r.URL.Path, query.Encode(), rel))
	}
	if page > 1 {
		link(min(page-1, last), "prev")
	}
	if page < last {
		link(page+1, "next")
		link(last, "last")
	}
	if page > 1 {
		link(1, "first")
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	from := min((page-1)*size, len(list))
	return list[from:min(from+size, len(list))]
}

func number(r *http.Request, name string, standard, highest int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 1 {
		return standard
	}
	return min(n, highest)
}

// origin is where a request came to.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// allowed tells whether a token has one of the scopes that an endpoint accepts.
// A GitHub App needs a permission instead, which its owner chose.
func allowed(w http.ResponseWriter, grant *githubGrant, scopes ...string) bool {
	w.Header().Set("X-Accepted-OAuth-Scopes", strings.Join(scopes, ", "))
	return slices.ContainsFunc(scopes, grant.may)
}

// user answers "Get the authenticated user". The email is the public one, and
// null where there is none.
func (g *GitHub) user(w http.ResponseWriter, _ *http.Request, p GitHubPerson, _ *githubGrant) any {
	w.Header().Set("X-Accepted-OAuth-Scopes", "")
	var email, name any
	if p.Public {
		email = p.Email
	}
	if p.Name != "" {
		name = p.Name
	}
	return map[string]any{
		"login": p.Login, "id": p.ID, "node_id": fmt.Sprintf("U_%d", p.ID),
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", p.ID), "gravatar_id": "",
		"url": "https://api.github.com/users/" + p.Login, "html_url": "https://github.com/" + p.Login,
		"type": "User", "user_view_type": "private", "site_admin": false,
		"name": name, "company": nil, "blog": "", "location": nil, "email": email,
		"notification_email": email, "hireable": nil, "bio": nil, "twitter_username": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
	}
}

// emails answers "List email addresses for the authenticated user". Without the
// scope user:email it is as if there were no such page.
func (g *GitHub) emails(w http.ResponseWriter, _ *http.Request, p GitHubPerson, grant *githubGrant) any {
	if !allowed(w, grant, "user:email") {
		githubRefuse(w, http.StatusNotFound, "Not Found")
		return nil
	}
	visibility := "private"
	if p.Public {
		visibility = "public"
	}
	all := []map[string]any{{"email": p.Email, "primary": true, "verified": p.Verified, "visibility": visibility}}
	for _, e := range p.Others {
		all = append(all, map[string]any{"email": e.Email, "primary": false, "verified": e.Verified, "visibility": nil})
	}
	return all
}

// orgs answers "List organizations for the authenticated user".
func (g *GitHub) orgs(w http.ResponseWriter, _ *http.Request, p GitHubPerson, grant *githubGrant) any {
	if !allowed(w, grant, "read:org", "user") {
		githubRefuse(w, http.StatusForbidden, "You need at least read:org scope or user scope to list your organizations.")
		return nil
	}
	all := []map[string]any{}
	for i, login := range p.Orgs {
		all = append(all, map[string]any{"login": login, "id": i + 1, "url": "https://api.github.com/orgs/" + login, "description": ""})
	}
	return all
}

// teams answers "List teams for the authenticated user".
func (g *GitHub) teams(w http.ResponseWriter, _ *http.Request, p GitHubPerson, grant *githubGrant) any {
	if !allowed(w, grant, "read:org", "repo", "user") {
		githubRefuse(w, http.StatusNotFound, "Not Found")
		return nil
	}
	all := []map[string]any{}
	for i, team := range p.Teams {
		org, slug, _ := strings.Cut(team, "/")
		all = append(all, map[string]any{
			"id": i + 1, "name": slug, "slug": slug, "privacy": "closed", "permission": "pull",
			"organization": map[string]any{"login": org, "id": slices.Index(p.Orgs, org) + 1},
		})
	}
	return all
}
