package oauth

// A ProtectedResource is an MCP server behind the door, as the authorization
// server knows it. RFC 9728 §1.
type ProtectedResource struct {
	Name  string // "tickets"
	Title string // "Acme Tickets"; what people read
	// ID is the resource identifier: the canonical public URL, and the audience
	// of its tokens.
	ID     string
	Scopes []ScopeInfo // in the order in which people read them

	// Logins are the ways of signing in of which a person has to have come by one;
	// none: any way is good.
	Logins []string

	TokenFormat string // "jwt" or "opaque"
	Algorithm   string // what signs its access tokens: RS256, PS256, ES256 or EdDSA

	// Connection is the login whose own token of the person calls need; empty: none.
	Connection string
	// HandOut is the scope with which a client gets the token of Connection itself;
	// without a name: there is none. It is not among Scopes, so nothing implies it, no
	// document names it, and nobody has it who did not ask for it by name.
	HandOut ScopeInfo

	// ConnectionScopes are what that token has to permit, in the words of who gives
	// it, besides what signing in by the login asks for.
	ConnectionScopes []string
}

// ScopeInfo is what people are told about a scope.
type ScopeInfo struct {
	Name        string
	Title       string
	Description string
	Default     bool     // granted when a request names no scope
	Implies     []string // other scopes of the same resource
}

// Known is every scope of the resource.
func (r ProtectedResource) Known() Scope {
	var names []string
	for _, s := range r.Scopes {
		names = append(names, s.Name)
	}
	return NewScope(names...)
}

// Askable is every scope that a client may ask for by name.
func (r ProtectedResource) Askable() Scope {
	if r.HandOut.Name == "" {
		return r.Known()
	}
	return r.Known().Union(Scope{r.HandOut.Name})
}

// Defaults is what a request that names no scope asks for: the default scopes,
// or all of them where none is marked.
func (r ProtectedResource) Defaults() Scope {
	var names []string
	for _, s := range r.Scopes {
		if s.Default {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return r.Known()
	}
	return NewScope(names...)
}

// Expand adds everything that s implies, and what that implies.
//
// MCP 2026-07-28, authorization: a resource server MUST account for scope
// hierarchy when it judges a token.
func (r ProtectedResource) Expand(s Scope) Scope {
	s = NewScope(s...)
	for {
		wider := s
		for _, info := range r.Scopes {
			if s.Has(info.Name) {
				wider = wider.Union(info.Implies)
			}
		}
		if len(wider) == len(s) {
			return wider
		}
		s = wider
	}
}

// ScopeInfo returns what people are told about one scope.
func (r ProtectedResource) ScopeInfo(name string) (ScopeInfo, bool) {
	for _, s := range r.Scopes {
		if s.Name == name {
			return s, true
		}
	}
	return ScopeInfo{}, false
}
