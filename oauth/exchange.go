package oauth

import "strings"

// The token types of RFC 8693 §3, as far as they are known here.
const (
	TokenTypeAccess = "urn:ietf:params:oauth:token-type:access_token"
	TokenTypeJWT    = "urn:ietf:params:oauth:token-type:jwt"
)

// RefusedToken is the parameter of a token exchange in which the server of a resource
// says that a service refuses the person's own token that it got before. It has a
// prefix because it is of this server alone: RFC 6749 §8.2.
const RefusedToken = "sallyport_refused_token"

// An Exchange is one thing that the server of a resource may have for a token that
// was presented to it: the person's own token of Login, or a token with which it acts
// for the person at Resource, within Scope. RFC 8693 §1.1.
type Exchange struct {
	Login    string // empty: Resource is meant
	Resource string // by identifier
	Scope    Scope
}

// MaxActors is how many servers can stand between a client and a resource, each of
// which acts for the person with a token that it got for that of the one before.
const MaxActors = 3

// HandOutScope is the scope with which a client gets a person's own token of a login.
func HandOutScope(login string) string { return login + handOutSuffix }

const handOutSuffix = ":token:exchange"

// A Delegation is a permission that a person gave besides those of a grant's own
// resource: that the server of From acts for them at To, with one scope of To.
type Delegation struct{ From, To, Scope string }

// delegated begins the scope token by which a grant, a code and a remembered consent
// hold a [Delegation]. ">" stands in no resource's identifier, so it has one reading.
const delegated = "act>"

// Token is the delegation as it is kept in the scope of a grant. No token that a
// client sees has it, and none that a client asks for is one.
func (d Delegation) Token() string { return delegated + d.From + ">" + d.To + ">" + d.Scope }

// Delegations are those that s holds.
func (s Scope) Delegations() []Delegation {
	var all []Delegation
	for _, token := range s {
		rest, ok := strings.CutPrefix(token, delegated)
		if parts := strings.SplitN(rest, ">", 3); ok && len(parts) == 3 {
			all = append(all, Delegation{parts[0], parts[1], parts[2]})
		}
	}
	return all
}

// Plain is s without its delegations: what clients are told.
func (s Scope) Plain() Scope {
	var plain Scope
	for _, token := range s {
		if !strings.HasPrefix(token, delegated) {
			plain = append(plain, token)
		}
	}
	return plain
}

// ReservedScope reports whether no resource may have a scope of that name, since the
// authorization server gives it a meaning.
func ReservedScope(name string) bool {
	return strings.HasPrefix(name, delegated) || strings.HasSuffix(name, handOutSuffix)
}
