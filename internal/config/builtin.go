package config

import (
	"cmp"
	"slices"
	"time"
)

// builtIn is what the scopes and tools of a built-in server are where the settings
// name none. They are declared where the servers are, which cannot be imported
// here; a test of the command holds that both say the same.
func (r *Resource) builtIn() {
	switch r.BuiltIn {
	case "demo":
		r.demo()
	case "chess":
		r.chess()
	case "github":
		r.github()
	case "intent":
		r.intent()
	}
}

func (r *Resource) demo() {
	r.Title = cmp.Or(r.Title, "Sallyport demo")
	r.Scopes = []Scope{
		{Name: "demo:read", Title: "See who you are and read the demo's items", Default: true},
		{Name: "demo:write", Title: "Act on the demo's items"},
	}
	for _, name := range []string{"echo", "whoami", "get-items", "count-slowly"} {
		r.Tools = append(r.Tools, Tool{Name: name, Scopes: []string{"demo:read"}})
	}
	r.Tools = append(r.Tools, Tool{Name: "perform-item-action", Scopes: []string{"demo:write"}})
}

func (r *Resource) chess() {
	r.Title = cmp.Or(r.Title, "Chess")
	r.Scopes = []Scope{{Name: "chess:play", Title: "Play your game of chess", Description: "See it, make moves in it, start it anew.", Default: true}}
	for _, name := range []string{"new_game", "status", "reset"} {
		r.Tools = append(r.Tools, Tool{Name: name, Scopes: []string{"chess:play"}})
	}
	// With a position they are about nobody; without one the server itself asks
	// who calls.
	for _, name := range []string{"apply_move", "engine_move", "analyze", "legal_moves", "load_puzzle", "check_puzzle_move"} {
		r.Tools = append(r.Tools, Tool{Name: name, Public: true})
	}
}

func (r *Resource) github() {
	r.Title = cmp.Or(r.Title, "GitHub")
	r.Scopes = []Scope{
		{Name: "read:user", Title: "See your GitHub profile", Description: "Your name there, and what you say of yourself.", Default: true},
		{Name: "read:repos", Title: "Read your repositories and issues", Description: "Those that only you can see as well.", Default: true},
		{Name: "write:issues", Title: "Open issues and pull requests", Description: "In your name, where others see them at once."},
	}
	for tool, scope := range map[string]string{
		"get_profile": "read:user", "list_repositories": "read:repos", "get_repository_issues": "read:repos", "search_issues": "read:repos",
		"create_issue": "write:issues", "create_pull_request": "write:issues",
	} {
		r.Tools = append(r.Tools, Tool{Name: tool, Scopes: []string{scope}})
	}
	slices.SortFunc(r.Tools, func(a, b Tool) int { return cmp.Compare(a.Name, b.Name) })
}

// ofGitHub gives the built-in GitHub server the connection that it cannot do
// without, by the first login that brings it.
func (c *Config) ofGitHub(r *Resource) {
	if r.BuiltIn != "github" {
		return
	}
	if i := slices.IndexFunc(c.Login, func(l Login) bool { return l.Type == "github" && l.Name != "" }); i >= 0 {
		r.Connection.Login = cmp.Or(r.Connection.Login, c.Login[i].Name)
	}
	// An OAuth App cannot ask for less: private repositories are to be had with
	// everything in them, or not at all.
	if len(r.Connection.Scopes) == 0 {
		r.Connection.Scopes = []string{"repo", "read:user"}
	}
}

func (r *Resource) intent() {
	r.Title = cmp.Or(r.Title, "Intents and connections")
	r.Scopes = []Scope{
		{Name: "read", Title: "Find out what you look for, and who else does", Description: "What you say is sent to the discovery network, which keeps it.", Default: true},
		{Name: "write", Title: "Ask other people for a connection", Description: "And answer them, in your name."},
	}
	for _, name := range []string{"extract_intent", "discover_connections", "echo", "get-items"} {
		r.Tools = append(r.Tools, Tool{Name: name, Scopes: []string{"read"}})
	}
	for _, name := range []string{"connection_action", "perform-item-action"} {
		r.Tools = append(r.Tools, Tool{Name: name, Scopes: []string{"write"}})
	}
}

// GitHubAPI is where the API of a login's GitHub is; empty: where GitHub has it.
func (c *Config) GitHubAPI(login string) string {
	for _, l := range c.Login {
		switch {
		case l.Name != login || l.Type != "github":
		case l.APIURL != "":
			return l.APIURL + "/"
		case l.URL != "":
			return l.URL + "/api/v3/"
		}
	}
	return ""
}

// app checks what a built-in server cannot do without, and what no other has.
func (k *check) app(key string, r Resource) {
	switch {
	case r.BuiltIn == "github" && !k.broken["login"]:
		i := slices.IndexFunc(k.Login, func(l Login) bool { return l.Name == r.Connection.Login })
		if i < 0 || k.Login[i].Type != "github" {
			k.say(key+".app", "is github, which works with people's own GitHub tokens, and its connection is to no login of that type", "add a login of type github; connection.provider is the first of them unless it names another")
		}
	case r.BuiltIn == "intent" && r.Backend != "":
		k.at(key+".backend", r, r.Backend)
		if r.Connection.Login == "" {
			k.say(key+".backend", "needs people's own tokens, and the resource has no connection", "add connection: { provider: privy }, or the login that the backend knows people by")
		}
	}
	if r.Backend != "" && r.BuiltIn != "intent" {
		k.say(key+".backend", "is only for app: intent", "remove it")
	}
	if r.BackendTime != 0 && (r.BackendTime < time.Second || r.BackendTime > 5*time.Minute) {
		k.say(key+".backend_timeout", "is "+r.BackendTime.String()+", which is not from 1s to 5m", "leave it out for 60s")
	}
}
