package login

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// How an upstream is asked: not for longer than people wait, and not for more
// than is ever needed.
const (
	upstreamTimeout = 10 * time.Second
	maxAnswer       = 1 << 20 // octets
)

// upstreamClient asks an upstream. The operator wrote its address, so it may be
// anywhere; a redirect is an answer, because credentials are not carried on.
func upstreamClient(base http.RoundTripper) *http.Client {
	return &http.Client{
		Timeout:   upstreamTimeout,
		Transport: bounded{base},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// bounded reads the whole answer, and no more of it than maxAnswer. Whatever becomes
// of an answer on the way is so an error of the request: the libraries would keep
// of it no more than a text.
type bounded struct{ base http.RoundTripper }

var errTooLarge = errors.New("the answer is larger than a mebibyte")

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, errTooLarge
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// fetch reads what a GET answers, and its media type. bearer, where there is one,
// goes along.
func fetch(ctx context.Context, c *http.Client, address, bearer string) (kind string, body []byte, err error) {
	head, body, err := answerAt(ctx, c, address, bearer)
	kind, _, _ = mime.ParseMediaType(head.Get("Content-Type"))
	return kind, body, err
}

// answerAt is fetch with the whole header.
func answerAt(ctx context.Context, c *http.Client, address, bearer string) (head http.Header, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := c.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil, &statusError{status: res.StatusCode, after: retryAfter(res), ofToken: ofToken(res), suspended: suspended(res)}
	}
	body, err = io.ReadAll(res.Body)
	return res.Header, body, err
}

// getJSON reads the JSON that a GET answers. The answer is no part of an error: it
// may be about somebody.
func getJSON(ctx context.Context, c *http.Client, address, bearer string, into any) error {
	_, body, err := fetch(ctx, c, address, bearer)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, into) != nil {
		return errNotJSON
	}
	return nil
}

// errNotJSON is of an answer of 200 that is something else, most often a page.
var errNotJSON = errors.New("the answer is not the JSON that was expected")

// statusError is of an answer that is not 200.
type statusError struct {
	status int
	after  int // seconds, of Retry-After; 0: it does not say
	// ofToken: it may speak of the token that was presented.
	ofToken bool
	// suspended: it says that the person of the token is.
	suspended bool
}

// suspended reports whether an answer says that the person whose token was presented may
// not be there any more. GitHub does so, for those whom an administrator suspends, and has
// a status of 403 for much else.
func suspended(res *http.Response) bool {
	var said struct{ Message string }
	if res.StatusCode != http.StatusForbidden || json.NewDecoder(res.Body).Decode(&said) != nil {
		return false
	}
	return strings.HasPrefix(said.Message, "Sorry. Your account was suspended")
}

// ofToken reports whether who refuses a request is somebody who knows tokens: by the
// challenge of RFC 6750 §3, or, without any, in JSON.
func ofToken(res *http.Response) bool {
	challenges := res.Header.Values("WWW-Authenticate")
	if len(challenges) > 0 {
		return strings.Contains(strings.Join(challenges, ", "), "invalid_token")
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return kind == "application/json"
}

func (e *statusError) Error() string { return "it answered " + statusLine(e.status) }
