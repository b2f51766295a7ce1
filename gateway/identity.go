package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// identities makes the JWTs that tell upstreams who calls, and remembers each
// for as long as it is fresh, so that calls cost no signature.
type identities struct {
	keyring *token.Keyring
	issuer  string
	now     func() time.Time
	cache   *otter.Cache[identityKey, signed]
}

// An identityKey is everything that a JWT says, and when it has to end.
type identityKey struct {
	algorithm, resource, subject, client, scope string
	username, name, email                       string
	expires                                     int64 // of the access token
}

type signed struct {
	jwt   oauth.Secret
	until time.Time // after which another one is made
}

// rememberedIdentities is how many JWTs are remembered.
const rememberedIdentities = 10_000

func newIdentities(c Config) *identities {
	return &identities{
		keyring: c.Keyring, issuer: c.PublicURL, now: c.Now,
		cache: otter.Must(&otter.Options[identityKey, signed]{MaximumSize: rememberedIdentities}),
	}
}

// of returns the JWT for a caller: its audience is the resource, and it lives
// for at most five minutes and no longer than the caller's token.
func (i *identities) of(c resource.Caller, algorithm string) (oauth.Secret, error) {
	key := identityKey{
		algorithm, c.Resource, c.Subject, c.ClientID, c.Scope.String(),
		c.Username, c.Name, c.Email, c.Expires.Unix(),
	}
	now := i.now()
	if s, ok := i.cache.GetIfPresent(key); ok && now.Before(s.until) {
		return s.jwt, nil
	}
	life := min(token.MaxIdentityLife, c.Expires.Sub(now))
	jwt, err := i.keyring.MintIdentity(algorithm, token.Identity{
		Issuer: i.issuer, Subject: c.Subject, Audience: c.Resource, ClientID: c.ClientID, Scope: c.Scope,
		Username: c.Username, Name: c.Name, Email: c.Email, IssuedAt: now, Expires: now.Add(life),
	})
	if err == nil {
		// It arrives with at least half of its life, or thirty seconds.
		i.cache.Set(key, signed{jwt, now.Add(life - min(life/2, 30*time.Second))})
	}
	return jwt, err
}

// identityHeaders tells the upstream in plain headers. The gateway has to be
// the only one who can reach it.
func identityHeaders(c resource.Caller, h http.Header) {
	for _, field := range [...]struct{ name, value string }{
		{"X-Sallyport-Subject", c.Subject},
		{"X-Sallyport-Username", c.Username},
		{"X-Sallyport-Name", c.Name},
		{"X-Sallyport-Email", c.Email},
		{"X-Sallyport-Client", c.ClientID},
		{"X-Sallyport-Scope", c.Scope.String()},
	} {
		if field.value != "" {
			h[field.name] = []string{headerText(field.value)}
		}
	}
}

// headerText puts text into printable ASCII: octets that are not, "%", and
// spaces at the ends, which HTTP does not keep, become %XX. Decoding percent
// escapes gives the text back, always. RFC 3986 §2.1.
func headerText(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c < 0x20 || c > 0x7e || c == '%' || c == ' ' && (i == 0 || i == len(text)-1) {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
