package login

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Dialect is how an OAuth 2.0 server departs from the standard. The zero Dialect
// does not.
type Dialect struct {
	// JSON: the token endpoint takes an object instead of the form of RFC 6749 §4.1.3.
	JSON bool
	// TokenAt is the member of the answer to a code inside which the person's own
	// tokens are; a dot leads inward. What stands beside it is somebody else's, and is
	// not taken. What answers a refresh has them there or at its top.
	TokenAt string
	// ScopeParameter is the parameter of the authorization request that the scopes
	// are in; empty: scope. Commas: they are separated by commas. RFC 6749 §3.3 has
	// spaces.
	ScopeParameter string
	Commas         bool
	// Headers go with every request to the server.
	Headers map[string]string
	// TokenLife is how long an access token lives where the answer does not say it;
	// zero: for ever. RFC 6749 §5.1.
	TokenLife time.Duration
}

// asked are the scopes as the server wants them, and where it has another parameter
// for them than the usual one, that.
func (d Dialect) asked(scopes []string) ([]string, []oauth2.AuthCodeOption) {
	if d.Commas && len(scopes) > 0 {
		scopes = []string{strings.Join(scopes, ",")}
	}
	if d.ScopeParameter == "" || len(scopes) == 0 {
		return scopes, nil
	}
	return nil, []oauth2.AuthCodeOption{oauth2.SetAuthURLParam(d.ScopeParameter, strings.Join(scopes, " "))}
}

// lasting gives tokens that do not say when they end the life that they have.
func (d Dialect) lasting(t oauth.UpstreamTokens) oauth.UpstreamTokens {
	if t.Life == 0 {
		t.Life = d.TokenLife
	}
	return t
}

// speaking is a client that speaks the dialect at a token endpoint.
func (d Dialect) speaking(c *http.Client, tokenURL string) *http.Client {
	if d.JSON || d.TokenAt != "" || len(d.Headers) > 0 {
		c.Transport = interpreter{d, tokenURL, c.Transport}
	}
	return c
}

// An interpreter stands between the library, which speaks the standard, and a
// server that does not.
type interpreter struct {
	Dialect
	tokenURL string
	base     http.RoundTripper
}

func (i interpreter) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for _, name := range slices.Sorted(maps.Keys(i.Headers)) {
		r.Header.Set(name, i.Headers[name])
	}
	if r.Method != http.MethodPost || r.URL.String() != i.tokenURL {
		return i.base.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("login: the token request is no form")
	}
	if i.JSON {
		body = object(form)
		r.Header.Set("Content-Type", "application/json")
	}
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	res, err := i.base.RoundTrip(r)
	if err != nil || i.TokenAt == "" || res.StatusCode != http.StatusOK {
		return res, err
	}
	return res, i.lift(res, form.Get("grant_type") == "refresh_token")
}

// object is a form as a JSON object of texts.
func object(form url.Values) []byte {
	members := map[string]string{}
	for name := range form {
		members[name] = form.Get(name)
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic("login: texts cannot be JSON: " + err.Error())
	}
	return text
}

// lift puts the person's tokens where the standard has them. An answer to a code
// that has none there has none: the token beside it is not the person's.
func (i interpreter) lift(res *http.Response, refreshed bool) error {
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return err
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) == nil {
		inner, found := inside(answer, i.TokenAt)
		if found || !refreshed {
			for _, name := range []string{"access_token", "refresh_token", "expires_in", "token_type", "scope"} {
				delete(answer, name)
				if inner[name] != nil {
					answer[name] = inner[name]
				}
			}
		}
		if body, err = json.Marshal(answer); err != nil {
			return err
		}
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return nil
}

// inside is the object at a path that has a token.
func inside(object map[string]json.RawMessage, path string) (map[string]json.RawMessage, bool) {
	for name := range strings.SplitSeq(path, ".") {
		var inner map[string]json.RawMessage
		if json.Unmarshal(object[name], &inner) != nil {
			return nil, false
		}
		object = inner
	}
	return object, object["access_token"] != nil
}
