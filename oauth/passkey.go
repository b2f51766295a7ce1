package oauth

import "time"

// A Passkey is a key of a person's device with which they sign in: the
// credential record of Web Authentication Level 3 §4, as far as it is needed.
type Passkey struct {
	ID        string // the credential id, which the device chose; base64url without padding
	Subject   string // whose it is; what the device knows them by, too
	Name      string // what the person calls it
	PublicKey []byte // a COSE_Key, RFC 9052 §7
	// Uses is the signature counter of the last use. Passkeys that are copied
	// from device to device have none, and say 0 always.
	Uses uint32
	// Synced says that the device may copy the key to others of its owner. It
	// never changes.
	Synced     bool
	Transports []string // how the browser reaches the device
	Created    time.Time
	LastUsed   time.Time // zero: never
}
