package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// leastSecret is the shortest secret that is taken, in characters.
const leastSecret = 16

// RFC 3986 §3.1, in lower case: that is how a parsed URI has it.
var schemeName = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

func (k *check) registration() {
	r := k.Registration
	switch {
	case r.Dynamic == "token" && r.Token == "":
		k.say("registration.token", "is missing, and with registration.dynamic: token it is required", "add one of at least 16 characters")
	case r.Dynamic == "token" && len(r.Token) < leastSecret:
		k.say("registration.token", "is shorter than 16 characters", "make one with: openssl rand -hex 32")
	case r.Dynamic != "token" && r.Token != "":
		k.say("registration.token", "has no effect with registration.dynamic: "+r.Dynamic, "set registration.dynamic: token, or remove it")
	}
	k.documents()
	for i, scheme := range r.PrivateSchemes {
		key := fmt.Sprintf("registration.private_schemes[%d]", i)
		switch {
		case scheme == "http" || scheme == "https":
			k.say(key, "is "+scheme+", which is not a private-use scheme", "remove it; https is always allowed, and http on this computer")
		case oauth.ForbiddenScheme(scheme):
			k.say(key, "is "+scheme+", which can run code or read files in a browser and is never allowed", "remove it")
		case !schemeName.MatchString(scheme):
			k.say(key, "is "+k.quote(key, scheme)+", which is not the name of a scheme", "write lower-case letters, digits, +, - and . without ://")
		}
	}
}

func (k *check) documents() {
	r := k.Registration
	if r.MetadataDocuments == "off" && len(r.AllowedDocuments) > 0 {
		k.say("registration.allowed_documents", "has no effect with registration.metadata_documents: off", "set registration.metadata_documents: allow-list, or remove it")
		return
	}
	for i, entry := range r.AllowedDocuments {
		key := fmt.Sprintf("registration.allowed_documents[%d]", i)
		whole := entry
		if !oauth.IsDocumentURL(entry) {
			whole = "https://" + entry + "/x"
		}
		u, err := oauth.ParseDocumentURL(whole, true)
		if err != nil || whole != entry && (u.Host != entry || u.Path != "/x" || u.Host != strings.ToLower(u.Host)) {
			k.say(key, "is "+k.quote(key, entry)+", which is neither a host nor the URL of a document", "write a host in lower case, such as claude.ai, or a whole URL that begins with https:// and has a path")
		}
	}
}

func (k *check) clients() {
	seen := map[string]bool{}
	for i, cl := range k.Clients {
		key := fmt.Sprintf("clients[%d]", i)
		switch {
		case cl.ID == "":
			k.say(key+".client_id", "is empty", "give the client an id")
		case seen[cl.ID]:
			k.say(key+".client_id", "is the id of another client", "give each client its own")
		case !visible(cl.ID):
			k.say(key+".client_id", "holds a space or a character that is not ASCII", "use letters, digits and punctuation")
		}
		seen[cl.ID] = true
		k.authenticates(key, cl)
		k.redirectURIs(key, cl)
		k.clientScope(key, cl)
		k.serves(key, cl)
		k.exchanges(key, cl)
	}
}

// visible is what RFC 6749 §A.1 allows in a client_id, without the space.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func (k *check) clientSecret(key string, cl Client) {
	switch {
	case cl.AuthMethod == oauth.AuthNone && cl.Secret != "":
		k.say(key+".client_secret", "has no effect with token_endpoint_auth_method: none", "use client_secret_basic or client_secret_post, or remove it")
	case cl.AuthMethod != oauth.AuthNone && cl.Secret == "":
		k.say(key+".client_secret", "is missing, and with "+cl.AuthMethod+" it is required", "add one, or set token_endpoint_auth_method: none")
	case cl.Secret != "" && len(cl.Secret) < leastSecret:
		k.say(key+".client_secret", "is shorter than 16 characters", "make one with: openssl rand -hex 32")
	}
}

func (k *check) redirectURIs(key string, cl Client) {
	if len(cl.RedirectURIs) == 0 && len(cl.Serves) == 0 {
		k.say(key+".redirect_uris", "is empty, so no answer could reach the client", "add the URI that the client shows")
	}
	for i, uri := range cl.RedirectURIs {
		err := oauth.CheckRedirectURI(uri, k.Registration.PrivateSchemes)
		var refusal *oauth.Error
		if errors.As(err, &refusal) {
			at := fmt.Sprintf("%s.redirect_uris[%d]", key, i)
			k.say(at, "cannot be registered: "+refusal.Description, redirectFix(uri))
		}
	}
}

func redirectFix(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "" || oauth.ForbiddenScheme(u.Scheme) {
		return "write the https URI exactly as the client sends it"
	}
	return "add " + u.Scheme + " to registration.private_schemes, if this client is to be trusted with it"
}

// serves checks of which resources a client is the server.
func (k *check) serves(key string, cl Client) {
	if len(cl.Serves) > 0 && cl.AuthMethod == oauth.AuthNone && !k.broken[key+".client_secret"] {
		k.say(key+".serves", "has no effect on a client without a client_secret or keys", "add client_secret or jwks, or remove it")
		return
	}
	names := k.resourceNames()
	for i, name := range cl.Serves {
		if slices.Contains(names, name) || k.broken["resources"] {
			continue
		}
		fix := "use " + orList(names)
		if near := nearest(name, names); near != "" {
			fix = "did you mean " + near + "?"
		}
		at := fmt.Sprintf("%s.serves[%d]", key, i)
		k.say(at, "is "+k.quote(at, name)+", which is not the name of a resource", fix)
	}
}

func (k *check) resourceNames() []string {
	var names []string
	for _, r := range k.Resources {
		names = append(names, r.Name)
	}
	return names
}

func (k *check) clientScope(key string, cl Client) {
	scope, err := oauth.ParseScope(cl.Scope)
	if err != nil {
		k.say(key+".scope", "holds a character that no scope has", "write scopes separated by spaces")
		return
	}
	if k.given(key+".scope") && len(scope.Without(oauth.NewScope(oauth.OfflineAccess))) == 0 {
		k.say(key+".scope", "names no scope of a resource, so the client could have nothing", "add one, or remove the line for no limit")
		return
	}
	for _, s := range scope {
		known := s == oauth.OfflineAccess || slices.ContainsFunc(k.Resources, func(r Resource) bool {
			return slices.Contains(r.scopeNames(), s) || k.handOut(r.Connection.Login).Name == s
		})
		if !known {
			k.say(key+".scope", "names the scope "+s+", which no resource has", "remove it, or define it under a resource's scopes")
		}
	}
}
