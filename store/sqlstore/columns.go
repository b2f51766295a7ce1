package sqlstore

import (
	"database/sql"
	"encoding/base64"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// never is how a zero time is stored in a column that may be NULL, so that
// "expires_at IS NULL" and "revoked_at IS NULL" mean what they say.
func never(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func maybeMoment(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return moment(ms.Int64)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// encode is how sealed bytes are stored, so that one schema serves both engines.
func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) }

func number(r row) (int64, error) {
	var n int64
	err := r.Scan(&n)
	return n, err
}

func digests(into []*oauth.Digest, from ...string) error {
	for i, text := range from {
		d, err := oauth.ParseDigest(text)
		if err != nil {
			return err
		}
		*into[i] = d
	}
	return nil
}
