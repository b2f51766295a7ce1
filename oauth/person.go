package oauth

import "time"

// A Person can sign in and allow clients to act for them. ID is the subject of
// every token: random, never reused, and never a client's id.
type Person struct {
	ID           string
	Username     string // canonical: lower case, NFKC; unique
	Name         string
	Email        string
	Admin        bool
	PasswordHash string // argon2id in PHC form; empty: no password
	Created      time.Time
	Disabled     time.Time // zero while they may sign in
}

// An Identity is who somebody else, an upstream, says that a person is.
type Identity struct {
	// Issuer is the upstream, by a name that it keeps: the issuer of OpenID Connect
	// Core §2, or the address of an OAuth server that has none.
	Issuer  string
	Subject string // never reassigned there; at most 255 octets
	Name    string // what the upstream calls them, for people to read; may change
	Linked  time.Time
	// Standing is what the upstream last said; nil: nothing that is known.
	Standing *Standing
}

// A Standing is what an upstream says of somebody by which it is decided whether
// they may come in.
type Standing struct {
	Email  string   `json:",omitempty"` // one that it has verified
	Others []string `json:",omitempty"` // further addresses that it says are theirs, verified or not
	// AllAddresses says that it was asked for them, and these are all.
	AllAddresses bool     `json:",omitempty"`
	Groups       []string `json:",omitempty"`
	Hosted       string   `json:",omitempty"` // the Workspace domain; Google's claim hd
	// Unasked says that nobody asked for the groups, or that these are not all of them:
	// that one is not there means nothing.
	Unasked bool `json:",omitempty"`
	// ForTools says that they connected it, for a tool to act there, and never came in
	// by it: what becomes of it there says nothing of whether they may come in.
	ForTools bool `json:",omitempty"`
	// Refused is when it refused to know them any more, or to renew what it gave for
	// them; zero: it did not, or they have come in by it since.
	Refused time.Time `json:",omitzero"`
}

// A Session is a browser's: who is signed in there, since when.
type Session struct {
	ID       Digest // of the cookie's secret
	Subject  string
	Way      string // how they signed in: the name of a login of the settings
	AuthTime time.Time
	Expires  time.Time
}

// A Consent is what a person agreed to before, so that the same question is not
// asked again. Everything it is bound to has to be the same.
type Consent struct {
	Subject      string
	ClientID     string
	RedirectHost string
	Resource     string
	Scope        Scope
	At           time.Time
}
