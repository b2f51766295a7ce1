package config

import (
	"fmt"
	"slices"
)

// exchanges checks what a client may have for the tokens of what it serves.
func (k *check) exchanges(key string, cl Client) {
	if len(cl.Exchanges) > 0 && len(cl.Serves) == 0 && !k.broken[key+".serves"] {
		k.say(key+".exchange", "has no effect on a client that serves no resource: only what was presented to one is exchanged", "add serves, or remove it")
		return
	}
	for i, e := range cl.Exchanges {
		at := fmt.Sprintf("%s.exchange[%d]", key, i)
		switch {
		case e.Login != "" && e.Resource != "":
			k.say(at+".resource", "contradicts login: an entry is one or the other", "make two entries of it")
		case e.Login == "" && e.Resource == "":
			k.say(at, "says neither login nor resource", "add login, or resource with scopes")
		case e.Login != "":
			k.exchangeLogin(at, cl, e)
		default:
			k.exchangeResource(at, cl, e)
		}
	}
}

// exchangeLogin checks that somebody brings the token, for a resource that the client
// serves.
func (k *check) exchangeLogin(at string, cl Client, e Exchange) {
	if len(e.Scopes) > 0 {
		k.say(at+".scopes", "has no effect: the token of another service is what it is", "remove it; what it permits is under the connection of the resource")
	}
	served := slices.ContainsFunc(k.Resources, func(r Resource) bool {
		return slices.Contains(cl.Serves, r.Name) && r.Connection.Login == e.Login
	})
	if !served && !k.broken["resources"] {
		k.say(at+".login", "is "+k.quote(at+".login", e.Login)+", and no resource that this client serves has a connection to it", "add connection: { provider: "+e.Login+" } to that resource, or remove it")
	}
}

func (k *check) exchangeResource(at string, cl Client, e Exchange) {
	i := slices.IndexFunc(k.Resources, func(r Resource) bool { return r.Name == e.Resource })
	if i < 0 {
		fix := "use " + orList(k.resourceNames())
		if near := nearest(e.Resource, k.resourceNames()); near != "" {
			fix = "did you mean " + near + "?"
		}
		if !k.broken["resources"] {
			k.say(at+".resource", "is "+k.quote(at+".resource", e.Resource)+", which is not the name of a resource", fix)
		}
		return
	}
	to := k.Resources[i]
	for _, from := range k.Resources {
		switch {
		case !slices.Contains(cl.Serves, from.Name):
		case from.Name == to.Name:
			k.say(at+".resource", "is a resource that the client serves itself", "remove it: its own callers reach that themselves")
		case len(to.Logins) > 0 && (len(from.Logins) == 0 || slices.ContainsFunc(from.Logins, func(way string) bool { return !slices.Contains(to.Logins, way) })):
			k.say(at+".resource", "insists on logins that "+from.Name+" does not insist on, so nobody may come through there", "give "+from.Name+" the same logins, or remove it")
		}
	}
	if len(e.Scopes) == 0 {
		k.say(at+".scopes", "is missing: it says what may be done there", "use "+orList(to.scopeNames()))
	}
	k.knownScopes(at+".scopes", e.Scopes, to)
}
