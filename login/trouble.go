package login

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"golang.org/x/oauth2"

	"github.com/sallyport-dev/sallyport/oauth"
)

// What is asked of an upstream, for the operator.
const (
	atMetadata = "the metadata (.well-known/openid-configuration)"
	atKeys     = "the key set"
	atToken    = "the token request"
	atUser     = "the request for who the person is"
	atEmails   = "the request for the person's addresses"
	atGroups   = "the request for the person's organizations and teams"
)

// trouble is what became of a request that has no good answer: down, slow, refused
// or misconfigured. The cause says which request it was and how it ended; what the
// upstream answered, and the address, which may hold a code, are no part of it.
func trouble(at string, err error) *oauth.Error {
	var known *oauth.Error
	if errors.As(err, &known) {
		return known
	}
	cause := func(how string) error { return fmt.Errorf("login: %s: %s", at, how) }
	var status *statusError
	var network net.Error
	switch {
	case errors.As(err, &status):
		return answeredBadly(status, cause(status.Error()))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return refuseUpstream(oauth.TemporarilyUnavailable, upstreamSlow, cause("no whole answer in time: "+withoutURL(err).Error()))
	}
	return refuseUpstream(oauth.TemporarilyUnavailable, upstreamSilent, cause(withoutURL(err).Error()))
}

// answeredBadly tells by the status who has to do something about it.
func answeredBadly(e *statusError, cause error) *oauth.Error {
	switch {
	case e.status >= 500, e.status == http.StatusTooManyRequests:
		refusal := refuseUpstream(oauth.TemporarilyUnavailable, upstreamSilent, cause)
		refusal.RetryAfter = max(refusal.RetryAfter, e.after)
		return refusal
	// Nothing is there, or something else is: the address in the settings is not the
	// one that was meant.
	case e.status < 400, e.status == http.StatusNotFound, e.status == http.StatusMethodNotAllowed, e.status == http.StatusGone:
		return refuseUpstream(oauth.AccessDenied, upstreamElsewhere, cause)
	}
	return refuseUpstream(oauth.AccessDenied, upstreamRefused, cause)
}

// exchangeFailed is [trouble] of a token request. What was answered may hold what
// was sent, and is not kept.
func exchangeFailed(err error) *oauth.Error {
	var said *oauth2.RetrieveError
	var sent *url.Error
	switch {
	case errors.As(err, &said):
	case errors.As(err, &sent):
		return trouble(atToken, err)
	default:
		return trouble(atToken, errNoToken)
	}
	if code := said.ErrorCode; code != "" {
		cause := fmt.Errorf("login: %s: it says %s, with %s", atToken, plain(code), statusLine(said.Response.StatusCode))
		if said.Response.StatusCode >= 500 || down(code) {
			return refuseUpstream(oauth.TemporarilyUnavailable, upstreamSilent, cause)
		}
		if said.Response.StatusCode != http.StatusTooManyRequests {
			return refuseUpstream(oauth.AccessDenied, upstreamRefused, cause)
		}
	}
	return trouble(atToken, &statusError{status: said.Response.StatusCode, after: retryAfter(said.Response)})
}

// down are error codes that say nothing of the request. The last ones are Slack's,
// which has a status of 200 for them.
func down(code string) bool {
	switch code {
	case "temporarily_unavailable", "server_error", "service_unavailable", "internal_error", "fatal_error", "ratelimited":
		return true
	}
	return false
}

// errNoToken is of an answer of 2xx that is none. What the library says of it quotes
// it.
var errNoToken = errors.New("the answer has no token in it, or cannot be read")

// withoutURL keeps the address of a request that failed out of the log: it may
// hold a code.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// longestAfter bounds what a Retry-After is believed, in seconds: whoever reads it
// is a person before a page.
const longestAfter = 300

// retryAfter is what an answer says in seconds, and 0 where it says nothing or a
// date. RFC 9110 §10.2.3.
func retryAfter(res *http.Response) int {
	n, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return min(max(n, 0), longestAfter)
}

// statusLine is a status in the words of the standard, never in the server's.
func statusLine(status int) string {
	return strconv.Itoa(status) + " " + http.StatusText(status)
}
