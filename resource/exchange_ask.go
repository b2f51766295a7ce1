package resource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// An exchangeRefusal is the error response of RFC 6749 §5.2.
type exchangeRefusal struct {
	Code        oauth.ErrorCode `json:"error"`
	Description string          `json:"error_description"`
	Page        string          `json:"error_uri"`
}

func (r *exchangeRefusal) Error() string {
	return fmt.Sprintf("resource: the token endpoint refuses the exchange: %s: %.200q", r.Code, r.Description)
}

// ask asks the token endpoint once.
func (e *Exchange) ask(ctx context.Context, form url.Values) (given, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	header, err := e.sign(ctx, form)
	if err != nil {
		return given{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return given{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	res, err := e.Client.Do(r)
	if err != nil {
		return given{}, notNow(0, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return given{}, notNow(0, err)
	}
	if res.StatusCode == http.StatusOK {
		return e.read(body)
	}
	return given{}, refusedBy(res, body)
}

// read reads an answer of RFC 8693 §2.2.1.
func (e *Exchange) read(body []byte) (given, error) {
	var answer struct {
		Token  string  `json:"access_token"`
		Issued string  `json:"issued_token_type"`
		Type   string  `json:"token_type"`
		Life   float64 `json:"expires_in"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
		return given{}, errors.New("resource: the token endpoint answers with something else than JSON")
	}
	if answer.Token == "" || answer.Issued != oauth.TokenTypeAccess || !strings.EqualFold(answer.Type, "Bearer") {
		return given{}, errors.New("resource: the token endpoint answers with no access token that is a bearer token")
	}
	g := given{token: oauth.Secret(answer.Token)}
	if answer.Life > 0 {
		g.expires = e.Now().Add(time.Duration(min(answer.Life, 1e9)) * time.Second)
	}
	return g, nil
}

// refusedBy says what a refusal means for a call: invalid_request that the token
// which the client presented is over, since nothing else in the request comes from
// outside; what the settings do not allow is a fault, for the log.
func refusedBy(res *http.Response, body []byte) error {
	if res.StatusCode >= http.StatusInternalServerError || res.StatusCode == http.StatusTooManyRequests {
		wait, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return notNow(wait, fmt.Errorf("resource: the token endpoint answers %d", res.StatusCode))
	}
	refusal := &exchangeRefusal{}
	if json.Unmarshal(body, refusal) != nil || refusal.Code == "" {
		return fmt.Errorf("resource: the token endpoint answers %d", res.StatusCode)
	}
	if refusal.Code == oauth.InvalidRequest {
		return oauth.Refuse(oauth.InvalidToken, "the access token is not valid any more").Because(refusal)
	}
	refusal.Page = sameOrigin(refusal.Page, res.Request.URL)
	return refusal
}

// sameOrigin is a page of the issuer's own, and no other: people are sent to it.
func sameOrigin(page string, issuer *url.URL) string {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != issuer.Scheme || u.Host != issuer.Host || u.User != nil {
		return ""
	}
	return page
}

func notNow(wait int, cause error) error {
	down := oauth.Refuse(oauth.TemporarilyUnavailable, "the person's connection cannot be used now; try again").Because(cause)
	down.RetryAfter = min(max(wait, 1), 60)
	return down
}
