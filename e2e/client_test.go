package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// A client is an OAuth client without a library: for what libraries do not do,
// such as the same request twenty times at once.
type client struct {
	ID, Secret string
	site       string
	resource   string
	redirect   string
}

// A tokenAnswer is what the token endpoint says: tokens, or an error.
type tokenAnswer struct {
	Status       int    `json:"-"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
}

// oneShot keeps no connection: each request finds out for itself whether the
// server lives.
var oneShot = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// register makes the client known. method is how it is to authenticate.
func (d *door) register(t *testing.T, redirect, method string) client {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"client_name": "e2e", "redirect_uris": []string{redirect}, "token_endpoint_auth_method": method,
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(d.URL+"/oauth/register", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var known struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.NewDecoder(res.Body).Decode(&known); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("registration: %s, %v", res.Status, err)
	}
	return client{ID: known.ID, Secret: known.Secret, site: d.URL, resource: d.MCP, redirect: redirect}
}

// A pending authorization is a request that waits for a person.
type pending struct{ url, verifier, state string }

func (c client) authorization(scope string) pending {
	verifier, state := rand.Text()+rand.Text(), rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {c.redirect}, "resource": {c.resource}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if scope != "" {
		q.Set("scope", scope)
	}
	return pending{url: c.site + "/oauth/authorize?" + q.Encode(), verifier: verifier, state: state}
}

func (c client) token(ctx context.Context, form url.Values) (tokenAnswer, error) {
	form.Set("client_id", c.ID)
	if c.Secret != "" {
		form.Set("client_secret", c.Secret)
	}
	var a tokenAnswer
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.site+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := oneShot.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	a.Status = res.StatusCode
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("%s: %q: %w", res.Status, body, err)
	}
	return a, nil
}

func (c client) redeem(ctx context.Context, code, verifier string) (tokenAnswer, error) {
	return c.token(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.redirect},
		"code_verifier": {verifier}, "resource": {c.resource}})
}

func (c client) refresh(ctx context.Context, refreshToken string) (tokenAnswer, error) {
	return c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}

func (c client) revoke(t *testing.T, token string) {
	t.Helper()
	res, err := oneShot.PostForm(c.site+"/oauth/revoke", url.Values{"token": {token}, "client_id": {c.ID}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("revoking gives %s", res.Status)
	}
}

// code has the person allow, and returns the code and its verifier.
func (c client) code(t *testing.T, who *person.Person, scope string) (code, verifier string) {
	t.Helper()
	p := c.authorization(scope)
	back, err := who.Allow(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	if code = back.Query().Get("code"); code == "" || back.Query().Get("state") != p.state {
		t.Fatalf("the person came back without a code or the state: %s", back)
	}
	return code, p.verifier
}

// tokens has the person allow, and redeems the code.
func (c client) tokens(t *testing.T, who *person.Person, scope string) tokenAnswer {
	t.Helper()
	code, verifier := c.code(t, who, scope)
	a, err := c.redeem(t.Context(), code, verifier)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("redeeming: %+v, %v", a, err)
	}
	return a
}

// works reports whether the guarded server takes an access token.
func (d *door) works(ctx context.Context, accessToken string) (bool, error) {
	const ask = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{` +
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},` +
		`"io.modelcontextprotocol/clientInfo":{"name":"e2e","version":"1"}}}}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.at+"/mcp", strings.NewReader(ask))
	if err != nil {
		return false, err
	}
	for k, v := range map[string]string{
		"Authorization": "Bearer " + accessToken, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list",
	} {
		req.Header.Set(k, v)
	}
	res, err := oneShot.Do(req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusUnauthorized:
		return false, nil
	}
	body, _ := io.ReadAll(res.Body)
	return false, fmt.Errorf("%s: %s", res.Status, body)
}
