package token

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

const (
	refreshPurpose = "refresh token"
	maxGrantID     = 64 // octets
)

// RefreshToken is the refresh token of generation n, from 1, of a grant. It is
// not stored: it follows from the grant's row, which holds a salt, and from a
// secret key, which the row does not. The grant's id is at most 64 octets of
// base64url's alphabet, as [oauth.NewID] makes them.
//
// RFC 9700 §4.14.2, of a grant that is encoded in its refresh token:
// "Authorization servers MUST ensure the integrity of the refresh token value in
// this case, for example, using signatures."
func (k *Keyring) RefreshToken(g oauth.Grant, n int64) oauth.Secret {
	b := k.MAC(refreshPurpose, refreshParts(g, n)...)
	b = binary.BigEndian.AppendUint64(b, uint64(n))
	b = append(b, g.ID...)
	return oauth.Secret(oauth.RefreshPrefix + base64.RawURLEncoding.EncodeToString(b))
}

// ParseRefreshToken reads which grant and generation a refresh token names. It
// proves nothing: whoever knows a grant's id can write such a token. Read the
// grant, then ask [Keyring.CheckRefreshToken].
func ParseRefreshToken(s oauth.Secret) (grantID string, n int64, ok bool) {
	_, grantID, n, ok = splitRefreshToken(s)
	return grantID, n, ok
}

// CheckRefreshToken reports whether s is a refresh token of this grant, of
// whichever generation it names. What the generation deserves is for
// [oauth.Generation.Present] to say.
func (k *Keyring) CheckRefreshToken(s oauth.Secret, g oauth.Grant) bool {
	mac, grantID, n, ok := splitRefreshToken(s)
	// A grant without a salt would leave the server's keys alone to make its
	// tokens.
	return ok && grantID == g.ID && !g.Salt.IsZero() && k.CheckMAC(refreshPurpose, mac, refreshParts(g, n)...)
}

func refreshParts(g oauth.Grant, n int64) [][]byte {
	return [][]byte{[]byte(g.ID), binary.BigEndian.AppendUint64(nil, uint64(n)), g.Salt[:]}
}

func splitRefreshToken(s oauth.Secret) (mac []byte, grantID string, n int64, ok bool) {
	const longest = (macSize + 8 + maxGrantID + 2) / 3 * 4
	text, ok := strings.CutPrefix(string(s), oauth.RefreshPrefix)
	if !ok || len(text) > longest {
		return nil, "", 0, false
	}
	b, err := decodeText(text)
	if err != nil || len(b) <= macSize+8 || len(b) > macSize+8+maxGrantID {
		return nil, "", 0, false
	}
	mac, grantID = b[:macSize], string(b[macSize+8:])
	u := binary.BigEndian.Uint64(b[macSize:])
	if u == 0 || u > math.MaxInt64 || !isID(grantID) {
		return nil, "", 0, false
	}
	return mac, grantID, int64(u), true
}

// isID keeps out of the store, and out of logs, what can be no id.
func isID(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}
