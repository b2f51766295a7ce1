package authserver

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/oauth"
)

// wellKnown serves the documents at every place where a client was seen to
// look: at the root, with a path appended (RFC 8414 §3.1, RFC 9728 §3.1), and
// below a path (OpenID Connect Discovery §4.1). What is not there is a JSON
// 404: an HTML page or a text would be taken for a document.
func (s *Server) wellKnown(mux *http.ServeMux) {
	prefixes := map[string]string{"": "", "/token": "", "/oauth/token": "", "/oauth": ""}
	for _, r := range s.Resources {
		// Several resources with hosts of their own may have the same path.
		if u, err := url.Parse(r.ID); err == nil {
			prefixes[u.Path] = u.Path
		}
	}
	for path, prefix := range prefixes {
		mux.Handle(path+"/.well-known/", s.wellKnownAt(prefix))
		mux.Handle(path+"/.well-known", s.json(s.notFound)) // no redirect to the tree
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
		if path == "" && name == "oauth-protected-resource" {
			path = prefix
		}
		document := s.document(name, r.Host, path)
		s.discovered(r, name, document != nil)
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

// document finds one by its name, the host that was asked, and the path that was
// appended to it.
func (s *Server) document(name, host, path string) []byte {
	switch name {
	case "oauth-authorization-server", "openid-configuration":
		// The issuer has no path; clients append that of the resource, or of the
		// endpoint they last used. There is one server, whatever they append.
		return s.documents.server
	case "oauth-protected-resource":
		return s.documents.ofResource(host, path)
	case "jwks.json":
		if path == "" {
			return s.Keys.JWKS()
		}
	}
	return nil
}

// discovered tells the flow trace. The keys are read by whoever checks tokens,
// every few minutes, and are on nobody's way to a connection.
func (s *Server) discovered(r *http.Request, name string, found bool) {
	switch {
	case !found:
		s.Flows.Discovered(r, flowtrace.LookedElsewhere)
	case name == "oauth-protected-resource":
		s.Flows.Discovered(r, flowtrace.ReadResource)
	case name != "jwks.json":
		s.Flows.Discovered(r, flowtrace.ReadServer)
	}
}
