package config

import "slices"

// Keeps reports whether tokens that people bring from a login are kept, because a
// resource has a connection to it.
func (c *Config) Keeps(login string) bool {
	return login != "" && slices.ContainsFunc(c.Resources, func(r Resource) bool { return r.Connection.Login == login })
}

// connection checks that the token is one that somebody brings, and that
// something gets it.
func (k *check) connection(key string, r Resource) {
	if !k.given(key) {
		return
	}
	switch login := r.Connection.Login; {
	case login == "":
		k.say(key+".provider", "is missing", "name the login whose tokens are meant, such as github")
		return
	case k.broken["login"]:
	case !slices.Contains(k.elsewhere(), login):
		fix := "add a login of that name, of type github, google, oidc, oauth2 or privy"
		if near := nearest(login, k.elsewhere()); near != "" {
			fix = "did you mean " + near + "?"
		}
		k.say(key+".provider", "is "+k.quote(key+".provider", login)+", which is not the name of a login that brings tokens", fix)
	}
	if len(r.Connection.Scopes) > 0 && slices.ContainsFunc(k.Login, func(l Login) bool { return l.Name == r.Connection.Login && l.Type == "privy" }) {
		k.say(key+".scopes", "means nothing with a login of type privy, whose tokens have no scopes", "remove it")
	}
	k.handedOver(key, r)
}

// handedOver checks that somebody gets the token, and how.
func (k *check) handedOver(key string, r Resource) {
	how := map[bool]string{true: "env", false: "bearer"}[len(r.Command) > 0]
	switch {
	case len(r.kinds()) > 1: // said elsewhere
	case r.BuiltIn == "demo" || r.BuiltIn == "chess":
		k.say(key, "has no effect on "+r.BuiltIn+", which acts nowhere else", "remove it")
		return
	case !r.Guarded() && k.reaches(r):
		return
	case !r.Guarded():
		k.say(key, "has no effect without an upstream or a command, nor a client that serves the resource and may exchange for it, so that nothing gets the token", "add upstream, or exchange: [{ login: "+r.Connection.Login+" }] to a client that serves it, or remove it")
		return
	case k.given(key+".as") && r.BuiltIn != "":
		k.say(key+".as", "has no effect on a built-in server, which asks for the token when it needs one", "remove it")
	case k.given(key+".as") && r.Connection.As != how:
		k.say(key+".as", "is "+k.quote(key+".as", r.Connection.As)+", which is not how this resource can have it", "use "+how+", or remove it")
	}
	name := r.Connection.Env
	switch {
	case len(r.Command) == 0 && k.given(key+".env"):
		k.say(key+".env", "has no effect without a command", "add command, or remove it")
	case len(r.Command) == 0 || k.broken[key+".env"]:
	case name == "":
		k.say(key+".env", "is missing", "name the environment variable in which the command expects the token, such as GITHUB_TOKEN")
	case !environmentName.MatchString(name):
		k.say(key+".env", "is "+k.quote(key+".env", name)+", which is not the name of an environment variable", "use letters, digits and _, and begin with a letter")
	case slices.ContainsFunc(r.Env, func(v Variable) bool { return v.Name == name }):
		k.say(key+".env", "is set by the resource's env already", "remove it there, or choose another name")
	case slices.Contains([]string{"PATH", "HOME", "LANG", "TMPDIR", "LD_PRELOAD", "NODE_OPTIONS", "PYTHONPATH"}, name):
		k.say(key+".env", "is a variable that says how programs run", "choose the one in which the command expects the token, such as GITHUB_TOKEN")
	}
}

// reaches reports whether somebody gets the token of a resource's connection who is
// no upstream.
func (c *Config) reaches(r Resource) bool {
	return c.handOut(r.Connection.Login).Name != "" || slices.ContainsFunc(c.Clients, func(cl Client) bool {
		return slices.Contains(cl.Serves, r.Name) && slices.ContainsFunc(cl.Exchanges, func(e Exchange) bool { return e.Login == r.Connection.Login })
	})
}

// elsewhere are the names of the logins that bring tokens.
func (k *check) elsewhere() []string {
	var names []string
	for _, l := range k.Login {
		if slices.Contains([]string{"github", "google", "oidc", "oauth2", "privy"}, l.Type) && l.Name != "" {
			names = append(names, l.Name)
		}
	}
	return names
}

// PrivyPage is where Privy's login runs: a page of the operator's own, or of this server.
func (c *Config) PrivyPage(l Login) string {
	if l.LoginURL != "" {
		return l.LoginURL
	}
	return c.PublicURL + "/login/" + l.Name
}
