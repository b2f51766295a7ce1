package oauth

import (
	"slices"
	"strings"
)

// A Scope is a set of scope tokens, sorted and without repetition, so that two
// scopes that permit the same are equal as strings. RFC 6749 §3.3.
type Scope []string

// OfflineAccess asks for a refresh token. It belongs to the authorization
// server, not to a resource. OpenID Connect Core §11.
const OfflineAccess = "offline_access"

// NewScope returns the set of the tokens given.
func NewScope(tokens ...string) Scope {
	s := slices.Clone(tokens)
	slices.Sort(s)
	return slices.Compact(s)
}

// ParseScope reads the wire form: tokens separated by spaces. Anything that is
// not a scope token is refused with invalid_scope.
//
// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
func ParseScope(wire string) (Scope, error) {
	var tokens []string
	// Only %x20 separates. A tab or a newline is a mistake or an attempt to be
	// read differently elsewhere; a space too many is harmless.
	for token := range strings.SplitSeq(wire, " ") {
		switch {
		case token == "":
		case !validScopeToken(token):
			return nil, Refuse(InvalidScope, "a scope holds a character that is not allowed")
		default:
			tokens = append(tokens, token)
		}
	}
	return NewScope(tokens...), nil
}

func validScopeToken(token string) bool {
	for i := range len(token) {
		if token[i] < 0x21 || token[i] == '"' || token[i] == '\\' || token[i] > 0x7e {
			return false
		}
	}
	return token != ""
}

// String is the wire form.
func (s Scope) String() string { return strings.Join(s, " ") }

// Has reports whether token is in s.
func (s Scope) Has(token string) bool { return slices.Contains(s, token) }

// Covers reports whether everything in other is in s.
func (s Scope) Covers(other Scope) bool {
	return !slices.ContainsFunc(other, func(t string) bool { return !s.Has(t) })
}

// Union is everything in either.
func (s Scope) Union(other Scope) Scope { return NewScope(append(slices.Clone(s), other...)...) }

// Intersect is everything in both.
func (s Scope) Intersect(other Scope) Scope {
	return slices.DeleteFunc(slices.Clone(s), func(t string) bool { return !other.Has(t) })
}

// Without is everything in s that is not in other.
func (s Scope) Without(other Scope) Scope {
	return slices.DeleteFunc(slices.Clone(s), other.Has)
}
