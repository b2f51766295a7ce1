// Package safehttp fetches a URL that a stranger wrote. The client cannot be
// pointed inward: the address is checked after the name was resolved, as the
// connection is made, so a name that changes its mind in between gains nothing.
// It follows no redirect, uses no proxy, sends no credentials, keeps no
// connection, and bounds the time and the size of an answer.
//
// What went wrong is an error for the log. It says where addresses lead, so it
// is never shown to who wrote the URL.
package safehttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"
)

// A Reach says where a client may go.
type Reach int

const (
	// Public is every address that is no special one, port 443. RFC 6890.
	Public Reach = iota
	// Loopback is this computer, any port, and nothing else; plain http too.
	Loopback
	// Anywhere is for URLs that the operator wrote.
	Anywhere
)

// The bounds of one fetch.
const (
	Timeout    = 5 * time.Second
	maxHeaders = 16 << 10 // octets
)

// ErrTooLarge says that the answer's body is longer than the caller reads.
var ErrTooLarge = errors.New("safehttp: the answer is too large")

// A Client fetches. It is safe for concurrent use.
type Client struct {
	reach Reach
	http  *http.Client
}

// An Answer is what a server said. Redirects are answers like any other.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// New makes a client. Roots are the authorities that TLS certificates are
// checked by; nil: the system's.
func New(reach Reach, roots *x509.CertPool) *Client {
	dialer := &net.Dialer{Timeout: Timeout}
	switch reach {
	case Public:
		dialer.Control = ssrf.New(ssrf.WithPorts(443)).Safe
	case Loopback:
		dialer.Control = ssrf.New(ssrf.WithAnyPort(),
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("0.0.0.0/0")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")), ssrf.WithDeniedV6Prefixes(netip.MustParsePrefix("::/0"))).Safe
	case Anywhere:
	}
	return &Client{reach: reach, http: &http.Client{
		Timeout: Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHeaders,
		},
	}}
}

// Get fetches a document of at most limit octets, decompressed. Only https is
// fetched, and http where the client's reach is not the public. accept goes into
// the Accept header.
func (c *Client) Get(ctx context.Context, rawURL, accept string, limit int64) (Answer, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return Answer{}, err
	case u.Scheme != "https" && (u.Scheme != "http" || c.reach == Public):
		return Answer{}, errors.New("safehttp: the scheme is not https")
	case u.User != nil:
		return Answer{}, errors.New("safehttp: the URL has userinfo")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "Sallyport (OAuth authorization server)")
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("safehttp: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return Answer{}, fmt.Errorf("safehttp: reading the answer: %w", err)
	case int64(len(body)) > limit:
		return Answer{}, ErrTooLarge
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}
