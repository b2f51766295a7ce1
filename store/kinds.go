package store

// What an [Event] can be about. Programs read these words: they are only ever
// added to.
const (
	ClientAdded        = "client.added"
	ClientRegistered   = "client.registered"
	ClientRemoved      = "client.removed"
	CodeReplayed       = "code.replayed"
	ConsentAllowed     = "consent.allowed"
	ConsentDenied      = "consent.denied"
	GrantReplayed      = "grant.replayed"
	GrantRevoked       = "grant.revoked"
	KeyImported        = "key.imported"
	KeyRotated         = "key.rotated"
	PasskeyAdded       = "passkey.added"
	PasskeyRemoved     = "passkey.removed"
	PersonConnected    = "person.connected"
	PersonCreated      = "person.created"
	PersonDisabled     = "person.disabled"
	PersonDisconnected = "person.disconnected"
	PersonEnabled      = "person.enabled"
	PersonPassword     = "person.password"
	PersonRefused      = "person.refused_elsewhere"
	PersonRemoved      = "person.removed"
	PersonNotAdmitted  = "person.not_admitted"
	SignInFailed       = "person.sign_in_failed"
	SignedIn           = "person.signed_in"
	WayAdded           = "person.way_added"
	WayRemoved         = "person.way_removed"
	TokenExchanged     = "token.exchanged"
	TokenHandedOut     = "token.handed_out"
)
