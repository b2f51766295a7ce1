package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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

// bounded reads no more of an answer than maxAnswer.
type bounded struct{ base http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	return res, nil
}

// getJSON reads what a GET answers. bearer, where there is one, goes along. The
// answer is no part of an error: it may be about somebody.
func getJSON(ctx context.Context, c *http.Client, address, bearer string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := c.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return &statusError{res.StatusCode}
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return errors.New("login: the answer is not the JSON that was expected")
	}
	return nil
}

// statusError is of an answer that is not 200.
type statusError struct{ status int }

func (e *statusError) Error() string { return "login: it answered " + http.StatusText(e.status) }
