package authserver

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// documents are rendered once: they change only with the settings.
type documents struct {
	server   []byte
	resource map[string][]byte // by host and path; by host alone, the first one there
	home     string            // the host of the issuer
}

func (s *Server) renderDocuments() (documents, error) {
	server, err := json.Marshal(s.metadata())
	if err != nil {
		return documents{}, err
	}
	d := documents{server: server, resource: map[string][]byte{}, home: hostOf(s.Issuer)}
	var first []byte
	for _, r := range s.Resources {
		document, err := json.Marshal(s.resourceMetadata(r))
		if err != nil {
			return documents{}, err
		}
		u, err := url.Parse(r.ID)
		if err != nil {
			return documents{}, err
		}
		d.resource[u.Host+u.Path] = document
		if d.resource[u.Host] == nil {
			d.resource[u.Host] = document
		}
		if first == nil {
			first = document
		}
	}
	if d.resource[d.home] == nil {
		d.resource[d.home] = first
	}
	if s.Administration.ID == "" {
		return d, nil
	}
	own, err := json.Marshal(s.resourceMetadata(s.Administration))
	d.resource[d.home+strings.TrimPrefix(s.Administration.ID, s.Issuer)] = own
	return d, err
}

// ofResource finds the document of the resource at a path of the host that was
// asked. The request's word for that only chooses among what the settings say;
// for a host that they do not name, it is that of the issuer.
func (d documents) ofResource(host, path string) []byte {
	host = strings.TrimSuffix(strings.ToLower(host), ":443")
	if d.resource[host] == nil {
		host = d.home
	}
	return d.resource[host+path]
}

func hostOf(issuer string) string {
	_, host, _ := strings.Cut(issuer, "://")
	return host
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
		GrantTypesSupported:               s.grantTypes(),
		CodeChallengeMethodsSupported:     []string{"S256"},
		TokenEndpointAuthMethodsSupported: append([]string{oauth.AuthNone}, secrets...),
		RevocationAuthMethodsSupported:    append([]string{oauth.AuthNone}, secrets...),
		IntrospectionAuthMethodsSupported: secrets,
		IssParameterSupported:             true,
	}
	if t := s.Registration.Documents.Trust; t == TrustAnyone || t == TrustAllowed {
		m.ClientDocumentsSupported = true
	}
	signs := slices.ContainsFunc(s.Preregistered, func(c oauth.Client) bool { return c.Authenticates(oauth.AuthPrivateKey) })
	if m.ClientDocumentsSupported || signs {
		m.TokenEndpointAuthMethodsSupported = append(m.TokenEndpointAuthMethodsSupported, oauth.AuthPrivateKey)
		m.RevocationAuthMethodsSupported = append(m.RevocationAuthMethodsSupported, oauth.AuthPrivateKey)
		// RFC 8414 §2: this "MUST be present if" private_key_jwt is listed.
		m.TokenEndpointAuthAlgorithms, m.RevocationAuthAlgorithms = token.AssertionAlgorithms, token.AssertionAlgorithms
	}
	if signs {
		m.IntrospectionAuthMethodsSupported = append(slices.Clone(secrets), oauth.AuthPrivateKey)
		m.IntrospectionAuthAlgorithms = token.AssertionAlgorithms
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
