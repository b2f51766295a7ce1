package resource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// An endpoint is an issuer's token endpoint that answers as it is told to.
type endpoint struct {
	status int
	body   string
	header http.Header
	forms  []url.Values
	auth   string
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	e.forms, e.auth = append(e.forms, r.PostForm), r.Header.Get("Authorization")
	if e.status == 0 {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	for name, values := range e.header {
		w.Header()[name] = values
	}
	w.WriteHeader(e.status)
	fmt.Fprint(w, e.body)
	res := w.Result()
	res.Request = r
	return res, nil
}

func (e *endpoint) gives(token, life string) {
	e.status = http.StatusOK
	e.body = `{"access_token":"` + token + `","issued_token_type":"` + oauth.TokenTypeAccess + `","token_type":"bearer"` + life + `}`
}

func (e *endpoint) refuses(status int, code, more string) {
	e.status, e.body = status, `{"error":"`+code+`","error_description":"said by the endpoint"`+more+`}`
}

func newExchange(t *testing.T, e *endpoint) *resource.Exchange {
	t.Helper()
	x, err := resource.NewExchange(resource.ExchangeConfig{TokenURL: "https://auth.example.com/oauth/token", ClientID: "tickets server", Secret: "s:ecret",
		Titles: map[string]string{"github": "GitHub"}, Client: &http.Client{Transport: e}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func asking(presented oauth.Secret, login string) resource.Asking {
	return resource.Asking{Caller: resource.Caller{Subject: "p_ada"}, Presented: presented, Login: login}
}

func TestAnExchangeAsksOnceForTheSame(t *testing.T) {
	e := &endpoint{}
	x := newExchange(t, e)
	synctest.Test(t, func(t *testing.T) {
		e.gives("gho_1", `,"expires_in":600`)
		for range 3 {
			token, expires, err := x.UpstreamToken(t.Context(), asking("one", "github"))
			if err != nil || token != "gho_1" || time.Until(expires) != 600*time.Second {
				t.Fatal(token == "gho_1", expires, err)
			}
		}
		if len(e.forms) != 1 {
			t.Fatalf("it asked %d times", len(e.forms))
		}
		want := url.Values{"grant_type": {oauth.GrantTypeExchange}, "subject_token": {"one"}, "subject_token_type": {oauth.TokenTypeAccess}, "audience": {"github"}}
		if got := e.forms[0]; got.Encode() != want.Encode() {
			t.Errorf("it sent %v", got)
		}
		if r := (&http.Request{Header: http.Header{"Authorization": {e.auth}}}); true {
			id, secret, _ := r.BasicAuth()
			if id != "tickets+server" || secret != "s%3Aecret" {
				t.Errorf("it authenticates as %q with %q", id, secret)
			}
		}
		// Another token, or another service, is another question.
		_, _, _ = x.UpstreamToken(t.Context(), asking("two", "github"))
		_, _, _ = x.UpstreamToken(t.Context(), asking("one", "google"))
		_, _, _ = x.ResourceToken(t.Context(), "one", "https://auth.example.com/notes/mcp", nil)
		if len(e.forms) != 4 {
			t.Errorf("it asked %d times", len(e.forms))
		}
	})
}

func TestAnExchangeKeepsNothingThatIsAboutToEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		life string
		wait time.Duration
		asks int
	}{
		"a minute before its end it asks again":              {`,"expires_in":120`, 61 * time.Second, 2},
		"until then it does not":                             {`,"expires_in":120`, 59 * time.Second, 1},
		"what ends within the minute is not kept":            {`,"expires_in":59`, 0, 2},
		"what ends late is kept for five minutes":            {`,"expires_in":28800`, 6 * time.Minute, 2},
		"what does not say when it ends, for as long":        {``, 6 * time.Minute, 2},
		"and what does not say when it ends is kept as well": {``, 4 * time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e, now := &endpoint{}, time.Now()
			e.gives("gho_1", tt.life)
			x, err := resource.NewExchange(resource.ExchangeConfig{TokenURL: "https://auth.example.com/oauth/token", ClientID: "c", Secret: "s",
				Client: &http.Client{Transport: e}, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			for range 2 {
				if _, _, err := x.UpstreamToken(t.Context(), asking("one", "github")); err != nil {
					t.Fatal(err)
				}
				now = now.Add(tt.wait)
			}
			if len(e.forms) != tt.asks {
				t.Errorf("it asked %d times", len(e.forms))
			}
		})
	}
}

// A refusal becomes what makes the client do what helps.
func TestAnExchangeSaysWhatAClientCanActOn(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		code   string
		more   string
		want   oauth.ErrorCode
		page   string // of a connection that lacks
	}{
		"the person has to connect":                 {400, "invalid_grant", `,"error_uri":"https://auth.example.com/connect/github?for=x"`, oauth.InvalidToken, "https://auth.example.com/connect/github?for=x"},
		"nobody is sent to a page of somebody else": {400, "invalid_grant", `,"error_uri":"https://evil.example/connect"`, oauth.InvalidToken, ""},
		"the token is over":                         {400, "invalid_request", "", oauth.InvalidToken, "none"},
		"the issuer is down":                        {503, "temporarily_unavailable", "", oauth.TemporarilyUnavailable, "none"},
		"the issuer is asked too often":             {429, "too_many_requests", "", oauth.TemporarilyUnavailable, "none"},
		"the issuer cannot be reached":              {0, "", "", oauth.TemporarilyUnavailable, "none"},
		"the settings do not allow it":              {400, "invalid_target", "", oauth.ServerError, "none"},
		"the secret is wrong":                       {401, "invalid_client", "", oauth.ServerError, "none"},
		"the client may not exchange":               {400, "unauthorized_client", "", oauth.ServerError, "none"},
		"it is redirected":                          {302, "", "", oauth.ServerError, "none"},
		"it is answered something else":             {200, "", "", oauth.ServerError, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{header: http.Header{"Retry-After": {"7"}}}
			e.refuses(tt.status, tt.code, tt.more)
			x := newExchange(t, e)
			token, _, err := x.UpstreamToken(t.Context(), asking("one", "github"))
			refusal := oauth.AsError(err)
			if token != "" || err == nil || refusal.Code != tt.want {
				t.Fatalf("it says %v", err)
			}
			if strings.Contains(refusal.Description, "said by the endpoint") {
				t.Error("what the endpoint says goes to clients")
			}
			var missing *resource.Unconnected
			if errors.As(err, &missing) != (tt.page != "none") || missing != nil && (missing.Page != tt.page || missing.Title != "GitHub") {
				t.Errorf("it says %+v", missing)
			}
			if tt.want == oauth.TemporarilyUnavailable && tt.status != 0 && refusal.RetryAfter != 7 {
				t.Errorf("try again after %d", refusal.RetryAfter)
			}
			// A refusal is not kept.
			e.gives("gho_1", "")
			if _, _, err := x.UpstreamToken(t.Context(), asking("one", "github")); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a service refuses is forgotten, and the issuer is told of it once.
func TestAnExchangeSaysWhatAServiceRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		now  func(*endpoint) // what the issuer answers
		want oauth.ErrorCode // of UpstreamRefused; empty: there is another one
	}{
		"there is another one":           {func(e *endpoint) { e.gives("gho_2", "") }, ""},
		"the person has to connect":      {func(e *endpoint) { e.refuses(400, "invalid_grant", "") }, oauth.InvalidToken},
		"the issuer is asked later":      {func(e *endpoint) { e.refuses(503, "temporarily_unavailable", "") }, oauth.TemporarilyUnavailable},
		"the issuer gives the same once": {func(e *endpoint) { e.gives("gho_1", "") }, oauth.TemporarilyUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{}
			e.gives("gho_1", "")
			x := newExchange(t, e)
			if _, _, err := x.UpstreamToken(t.Context(), asking("one", "github")); err != nil {
				t.Fatal(err)
			}
			tt.now(e)
			err := x.UpstreamRefused(t.Context(), asking("one", "github"), "gho_1")
			if got := e.forms[len(e.forms)-1]; len(e.forms) != 2 || got.Get(oauth.RefusedToken) != "gho_1" || got.Get("audience") != "github" || got.Get("subject_token") != "one" {
				t.Errorf("it sent %v", got)
			}
			if (err == nil) != (tt.want == "") || err != nil && oauth.AsError(err).Code != tt.want {
				t.Errorf("it says %v", err)
			}
			var missing *resource.Unconnected
			if errors.As(err, &missing) != (tt.want == oauth.InvalidToken) {
				t.Errorf("it says %v", err)
			}
			e.gives("gho_3", "")
			want, asks := oauth.Secret("gho_3"), 3
			if tt.want == "" {
				want, asks = "gho_2", 2
				// Who says it late, of the older one, has nobody asked.
				if err := x.UpstreamRefused(t.Context(), asking("one", "github"), "gho_1"); err != nil {
					t.Error(err)
				}
			}
			if token, _, err := x.UpstreamToken(t.Context(), asking("one", "github")); token != want || err != nil || len(e.forms) != asks {
				t.Errorf("after %d requests, the right token %t, %v", len(e.forms), token == want, err)
			}
		})
	}
}

func TestAPersonWhoHasNotAgreedIsToBeAsked(t *testing.T) {
	e := &endpoint{}
	e.refuses(400, "consent_required", "")
	_, _, err := newExchange(t, e).ResourceToken(t.Context(), "one", "https://auth.example.com/notes/mcp", oauth.Scope{"notes:read"})
	if oauth.AsError(err).Code != oauth.InsufficientScope {
		t.Error(err)
	}
	if got := e.forms[0]; got.Get("scope") != "notes:read" || got.Get("resource") != "https://auth.example.com/notes/mcp" {
		t.Errorf("it sent %v", got)
	}
}

func TestAnExchangeAuthenticatesByOneAssertionARequest(t *testing.T) {
	e, n := &endpoint{}, 0
	e.gives("gho_1", "")
	x, err := resource.NewExchange(resource.ExchangeConfig{TokenURL: "http://localhost:8080/oauth/token", ClientID: "c", Client: &http.Client{Transport: e},
		Assertion: func(context.Context) (oauth.Secret, error) {
			n++
			return oauth.Secret(fmt.Sprint("assertion-", n)), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for i, presented := range []oauth.Secret{"one", "two"} {
		if _, _, err := x.UpstreamToken(t.Context(), asking(presented, "github")); err != nil {
			t.Fatal(err)
		}
		if got := e.forms[i].Get("client_assertion"); got != fmt.Sprint("assertion-", i+1) || e.auth != "" {
			t.Errorf("it sent %q and the header %q", got, e.auth)
		}
	}
}

func TestAnExchangeIsMadeOfWhatIsSafe(t *testing.T) {
	for name, c := range map[string]resource.ExchangeConfig{
		"the secret would go over http": {TokenURL: "http://auth.example.com/oauth/token", ClientID: "c", Secret: "s"},
		"there is no token endpoint":    {ClientID: "c", Secret: "s"},
		"there is no client id":         {TokenURL: "https://auth.example.com/oauth/token", Secret: "s"},
		"it does not authenticate":      {TokenURL: "https://auth.example.com/oauth/token", ClientID: "c"},
	} {
		if _, err := resource.NewExchange(c); err == nil {
			t.Error(name)
		}
	}
}
