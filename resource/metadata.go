package resource

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/oauth"
)

const wellKnown = "/.well-known/oauth-protected-resource"

// MetadataURL returns where the metadata of a resource belongs: its identifier
// with the well-known path put between host and path. RFC 9728 §3.1.
func MetadataURL(id string) (string, error) {
	u, err := url.Parse(id)
	if err != nil {
		return "", err
	}
	// RFC 9728 §3.1: "any terminating slash following the host component MUST be
	// removed before inserting".
	if u.Path == "/" {
		u.Path = ""
	}
	u.Path = wellKnown + u.Path
	return u.String(), nil
}

// Describe returns the metadata document of a resource. Of its scopes it names
// those that a first connection should ask for, not all: clients ask for what
// they see. RFC 9728 §2; MCP 2026-07-28, scope selection.
//
// MCP 2026-07-28, refresh tokens: servers "SHOULD NOT include offline_access in
// [...] Protected Resource Metadata".
func Describe(r oauth.ProtectedResource, issuer string) oauth.ResourceMetadata {
	return oauth.ResourceMetadata{
		Resource:               r.ID,
		AuthorizationServers:   []string{issuer},
		ScopesSupported:        baselineOf(r),
		BearerMethodsSupported: []string{"header"},
		ResourceName:           r.Title,
	}
}

func baselineOf(r oauth.ProtectedResource) oauth.Scope {
	return r.Defaults().Without(oauth.Scope{oauth.OfflineAccess})
}

// Metadata serves the document of RFC 9728 for those who stand alone: it
// belongs at [MetadataURL] and, where the origin has no other resource, at the
// well-known path itself. Where the gateway runs, the gateway serves it.
func (g *Guard) Metadata() http.Handler {
	body, err := json.Marshal(Describe(g.resource, g.issuer))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		AllowCrossOrigin(w.Header())
		switch {
		case r.Method == http.MethodOptions:
			preflight(w)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			g.refuse(w, notAllowed("the metadata can only be read"))
		case err != nil:
			g.refuse(w, err)
		default:
			write(w, http.StatusOK, body)
		}
	})
}
