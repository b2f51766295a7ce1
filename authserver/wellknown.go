package authserver

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// documents are rendered once: they change only with the settings.
type documents struct {
	server   []byte
	resource map[string][]byte // by the path of the resource; "" is the default
}

func (s *Server) renderDocuments() (documents, error) {
	server, err := json.Marshal(s.metadata())
	if err != nil {
		return documents{}, err
	}
	d := documents{server: server, resource: map[string][]byte{}}
	for i, r := range s.Resources {
		document, err := json.Marshal(s.resourceMetadata(r))
		if err != nil {
			return documents{}, err
		}
		u, err := url.Parse(r.ID)
		if err != nil {
			return documents{}, err
		}
		d.resource[u.Path] = document
		if i == 0 {
			d.resource[""] = document
		}
	}
	return d, nil
}

// metadata is RFC 8414 §2. Every endpoint begins with the issuer; nothing in it
// comes from a request.
func (s *Server) metadata() oauth.ServerMetadata {
	secrets := []string{oauth.AuthBasic, oauth.AuthPost}
	m := oauth.ServerMetadata{
		Issuer:                            s.Issuer,
		AuthorizationEndpoint:             s.Issuer + "/oauth/authorize",
		TokenEndpoint:                     s.Issuer + "/oauth/token",
		RevocationEndpoint:                s.Issuer + "/oauth/revoke",
		IntrospectionEndpoint:             s.Issuer + "/oauth/introspect",
		JWKSURI:                           s.Issuer + "/.well-known/jwks.json",
		ResponseTypesSupported:            []string{"code"},
		ResponseModesSupported:            []string{"query"},
		GrantTypesSupported:               []string{oauth.GrantTypeCode, oauth.GrantTypeRefresh},
		CodeChallengeMethodsSupported:     []string{"S256"},
		TokenEndpointAuthMethodsSupported: append([]string{oauth.AuthNone}, secrets...),
		RevocationAuthMethodsSupported:    append([]string{oauth.AuthNone}, secrets...),
		IntrospectionAuthMethodsSupported: secrets,
		IssParameterSupported:             true,
	}
	if s.Registration.Open || !s.Registration.Token.IsZero() {
		m.RegistrationEndpoint = s.Issuer + "/oauth/register"
	}
	scope := oauth.NewScope(oauth.OfflineAccess)
	for _, r := range s.Resources {
		scope = scope.Union(r.Known())
		m.ProtectedResources = append(m.ProtectedResources, r.ID)
	}
	m.ScopesSupported = scope
	return m
}

// resourceMetadata is RFC 9728 §2. Only what basic use needs is listed, since
// some clients ask for everything they read here; the rest comes by challenge.
func (s *Server) resourceMetadata(r oauth.ProtectedResource) oauth.ResourceMetadata {
	return oauth.ResourceMetadata{
		Resource: r.ID, AuthorizationServers: []string{s.Issuer}, ScopesSupported: r.Defaults(),
		BearerMethodsSupported: []string{"header"}, ResourceName: r.Title,
	}
}

// wellKnown serves the documents at every place where a client was seen to
// look: at the root, with a path appended (RFC 8414 §3.1, RFC 9728 §3.1), and
// below a path (OpenID Connect Discovery §4.1). What is not there is a JSON
// 404: an HTML page or a text would be taken for a document.
func (s *Server) wellKnown(mux *http.ServeMux) {
	mux.Handle("/.well-known/", s.wellKnownAt(""))
	for _, r := range s.Resources {
		if u, err := url.Parse(r.ID); err == nil && u.Path != "" {
			mux.Handle(u.Path+"/.well-known/", s.wellKnownAt(u.Path))
		}
	}
	for _, path := range []string{"/token", "/oauth/token", "/oauth"} {
		mux.Handle(path+"/.well-known/", s.wellKnownAt(""))
	}
}

// wellKnownAt serves what is below prefix + "/.well-known/".
func (s *Server) wellKnownAt(prefix string) http.Handler {
	get := s.json(func(w http.ResponseWriter, r *http.Request) error {
		_, after, _ := strings.Cut(r.URL.Path, "/.well-known/")
		name, path, found := strings.Cut(after, "/")
		if found {
			path = strings.TrimSuffix("/"+path, "/")
		}
		document := s.document(name, prefix, path)
		switch {
		case document == nil:
			return oauth.Refuse(oauth.NotFound, "there is no such document here")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			return refuseMethod("GET, OPTIONS")(w, r)
		}
		// Short: ChatGPT and Claude keep it for minutes, and someone who mends a
		// setting should not wait for longer than that.
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Content-Type", "application/json")
		w.Write(document) //nolint:errcheck // the client went away
		return nil
	})
	options := preflight("GET")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			options.ServeHTTP(w, r)
			return
		}
		get.ServeHTTP(w, r)
	})
}

// document finds one by its name, the path below which it was asked for, and
// the path that was appended to it.
func (s *Server) document(name, prefix, path string) []byte {
	switch name {
	case "oauth-authorization-server", "openid-configuration":
		// The issuer has no path; clients append that of the resource, or of the
		// endpoint they last used. There is one server, whatever they append.
		return s.documents.server
	case "oauth-protected-resource":
		if path == "" {
			path = prefix
		}
		return s.documents.resource[path]
	case "jwks.json":
		if path == "" {
			return s.Keys.JWKS()
		}
	}
	return nil
}
