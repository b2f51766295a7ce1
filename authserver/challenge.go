package authserver

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A challenge is what a passkey signs: 16 random octets, the time in milliseconds,
// and a MAC over both, the browser that was given it, and what it was given for.
// So nothing waits anywhere: neither in a table that strangers could fill, nor in
// the browser.
//
// Web Authentication Level 3 §13.4.3: "Challenges SHOULD therefore be at least 16
// bytes long", and "Relying Parties MUST generate challenges in an environment
// they trust".
type challenge []byte

const (
	challengeHead = 16 + 8
	challengeTTL  = 10 * time.Minute
)

func (s *Server) newChallenge(browser oauth.Secret, about string) challenge {
	c := make([]byte, 16, 64)
	rand.Read(c) // never fails: crypto/rand ends the program instead
	c = binary.BigEndian.AppendUint64(c, uint64(s.Now().UnixMilli()))
	return append(c, s.Keys.MAC("passkey", []byte(browser), []byte(about), c)...)
}

func (c challenge) String() string { return base64.RawURLEncoding.EncodeToString(c) }

// made is when a challenge was, that was found to be ours.
func (c challenge) made() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(c[16:challengeHead])))
}

// challengeOf reads the challenge that a form brought back, and refuses one that
// was given to another browser, for something else, or more than ten minutes ago.
func (s *Server) challengeOf(r *http.Request, about string) (challenge, error) {
	refused := oauth.Refuse(oauth.AccessDenied, outOfDate)
	b, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("challenge"))
	if err != nil || len(b) < challengeHead {
		return nil, refused.Because(err)
	}
	c := challenge(b)
	browser := s.cookie(r, browserCookie)
	if browser == "" || !s.Keys.CheckMAC("passkey", c[challengeHead:], []byte(browser), []byte(about), c[:challengeHead]) {
		return nil, refused.Because(errors.New("the challenge is not of this browser, or not of this form"))
	}
	if s.Now().Sub(c.made()) > challengeTTL {
		return nil, refused.Because(errors.New("the challenge has expired"))
	}
	return c, nil
}

// spendChallenge takes a challenge, once. It comes after everything that can be
// wrong with the answer.
func (s *Server) spendChallenge(r *http.Request, c challenge) error {
	return s.once(r.Context(), oauth.Secret("passkey "+c.String()).Digest(), c.made().Add(challengeTTL+time.Minute), oauth.Refuse(oauth.AccessDenied, outOfDate))
}
