package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

// What the doctor says of servers by other people was read, and each finding
// held against what the server does. A new version of a server may be wrong in
// another way: then read again.

func TestTheDoctorAtAServerWithoutAuthorization(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	cmd := exec.Command(node.or(t), nodeModule(t, "@modelcontextprotocol", "server-everything", "dist", "index.js"), "streamableHttp")
	cmd.Env = environment(fmt.Sprintf("PORT=%d", port))
	at := fmt.Sprintf("http://localhost:%d/mcp", port)
	start(t, cmd, at)
	r, status := examine(t, at)
	expected{"(accept-refused) (newer-generation-missing) (private-address) origin-unchecked", "", 1}.compare(t, r, status)
}

func TestTheDoctorAtTheExampleOfTheTypeScriptSDK(t *testing.T) {
	t.Parallel()
	port, other := freePort(t), freePort(t)
	cmd := exec.Command(node.or(t), nodeModule(t, "@modelcontextprotocol", "sdk", "dist", "esm", "examples", "server", "simpleStreamableHttp.js"), "--oauth")
	cmd.Env = environment(fmt.Sprintf("MCP_PORT=%d", port), fmt.Sprintf("MCP_AUTH_PORT=%d", other))
	at := fmt.Sprintf("http://localhost:%d/mcp", port)
	start(t, cmd, at)
	r, status := examine(t, at)
	expected{
		"(challenge-without-scope) (documents-not-offered) (iss-not-advertised) (offline-access-not-listed) (places-missing) (plain-404) (private-address) (registration-stays) " +
			"answer-unreadable bad-token-answer nobody-asked preflight-refused state-missing token-error-form", "inspector", 1,
	}.compare(t, r, status)
}

func TestTheDoctorAtFastMCP(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "Sign in upstream")
	}))
	t.Cleanup(upstream.Close)
	at := serveGlue(t, "fastmcp.mjs", upstream.URL)
	r, status := examine(t, at)
	expected{
		"(challenge-without-scope) (documents-not-offered) (iss-not-advertised) (none-not-listed) (offline-access-not-listed) (pkce-not-demanded) (pkce-plain) " +
			"(places-missing) (plain-404) (port-compared) (private-address) (registration-stays) (slash-not-served) challenge-hidden client-refused resource-not-exact unknown-client-answer",
		"antigravity chatgpt claude cursor grok m365-copilot n8n perplexity slack snowflake vscode", 1,
	}.compare(t, r, status)
}

func TestTheDoctorAtTheLibraryForCloudflareWorkers(t *testing.T) {
	t.Parallel()
	at := serveGlue(t, "workers-oauth-provider.mjs")
	who := &clicker{t: t, cookies: map[string]string{}}
	r, status := withPerson(t, at, who.allow)
	expected{"(documents-not-offered) (places-missing) (plain-404) (private-address) (registration-stays) (resource-slash-refused)", "", 0}.compare(t, r, status)
	if !r.SignedIn {
		t.Error("nobody signed in")
	}
}

func TestTheDoctorAtTheGoSDKBeforeOIDCProvider(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	issuer := fmt.Sprintf("http://localhost:%d", port)
	srv := httptest.NewUnstartedServer(nil)
	at := "http://localhost:" + srv.Listener.Addr().String()[strings.LastIndex(srv.Listener.Addr().String(), ":")+1:] + "/mcp"
	srv.Config.Handler = goServer(at, issuer)
	srv.Start()
	t.Cleanup(srv.Close)
	cmd := exec.Command(node.or(t), glue(t, "oidc-provider.mjs"), fmt.Sprint(port), at)
	cmd.Env = environment()
	start(t, cmd, issuer)
	who := &clicker{t: t, cookies: map[string]string{}}
	r, status := withPerson(t, at, who.allow)
	expected{
		"(bad-token-error) (places-missing) (plain-404) (private-address) (slash-not-served) answer-unreadable preflight-refused refresh-race", "inspector", 1,
	}.compare(t, r, status)
	if !r.SignedIn {
		t.Error("nobody signed in")
	}
}

// goServer is an MCP server of the official Go SDK that asks the authorization
// server about each token.
func goServer(at, issuer string) http.Handler {
	s := mcp.NewServer(&mcp.Implementation{Name: "go", Version: "1"}, nil)
	mcp.AddTool(s, &mcp.Tool{Name: "hello", Description: "Says hello"}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "hello"}}}, nil, nil
	})
	metadata := strings.TrimSuffix(at, "/mcp") + "/.well-known/oauth-protected-resource/mcp"
	guard := auth.RequireBearerToken(func(ctx context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		return introspected(ctx, issuer, token)
	}, &auth.RequireBearerTokenOptions{ResourceMetadataURL: metadata, Scopes: []string{"read"}})
	mux := http.NewServeMux()
	mux.Handle("/.well-known/oauth-protected-resource/mcp", auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: at, AuthorizationServers: []string{issuer}, ScopesSupported: []string{"read"},
	}))
	mux.Handle("/mcp", guard(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, nil)))
	return mux
}

func introspected(ctx context.Context, issuer, token string) (*auth.TokenInfo, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+"/token/introspection", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("mcp-server", "the-secret-of-the-mcp-server")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var said struct {
		Active     bool
		Scope, Sub string
		Exp        int64
	}
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil {
		return nil, err
	}
	if !said.Active {
		return nil, auth.ErrInvalidToken
	}
	return &auth.TokenInfo{Scopes: strings.Fields(said.Scope), Expiration: time.Unix(said.Exp, 0), UserID: said.Sub}, nil
}

// glue is one of the small servers of this folder around a package from npm.
// It finds its packages in e2e/node_modules only.
func glue(t *testing.T, name string) string {
	t.Helper()
	node.or(t)
	path, err := filepath.Abs(filepath.Join("servers", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func serveGlue(t *testing.T, name string, args ...string) string {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(node.or(t), append([]string{glue(t, name), fmt.Sprint(port)}, args...)...)
	cmd.Env = environment()
	at := fmt.Sprintf("http://localhost:%d/mcp", port)
	start(t, cmd, at)
	return at
}

// A clicker signs in as ada on pages that they have never seen: they fill in the
// first form of each and send it, until the way leads back to a client.
type clicker struct {
	t       *testing.T
	cookies map[string]string // of localhost, where browsers take secure ones too
}

var (
	form   = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	input  = regexp.MustCompile(`(?is)<input\b([^>]*)>`)
	member = regexp.MustCompile(`(?is)\b(name|value|action|type)="([^"]*)"`)
)

func members(tag string) map[string]string {
	all := map[string]string{}
	for _, m := range member.FindAllStringSubmatch(tag, -1) {
		all[strings.ToLower(m[1])] = html.UnescapeString(m[2])
	}
	return all
}

func (c *clicker) allow(address string) error {
	at, fill := address, url.Values(nil)
	for range 16 {
		res, err := c.send(at, fill)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
		if err != nil {
			return err
		}
		if strings.Contains(at, "/sallyport-doctor") && strings.HasPrefix(at, "http://127.0.0.1:") {
			return nil
		}
		if to := res.Header.Get("Location"); to != "" {
			next, err := res.Request.URL.Parse(to)
			if err != nil {
				return err
			}
			at, fill = next.String(), nil
			continue
		}
		found := form.FindSubmatch(body)
		if found == nil {
			return fmt.Errorf("%s answers %s without a form: %.600s", at, res.Status, body)
		}
		fill = url.Values{}
		for _, m := range input.FindAllStringSubmatch(string(found[2]), -1) {
			field := members(m[1])
			if field["value"] == "" {
				field["value"] = "ada"
			}
			if field["name"] != "" {
				fill.Set(field["name"], field["value"])
			}
		}
		next, err := res.Request.URL.Parse(members(string(found[1]))["action"])
		if err != nil {
			return err
		}
		at = next.String()
	}
	return errors.New("the pages never end")
}

func (c *clicker) send(at string, fill url.Values) (*http.Response, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if fill != nil {
		method, body = http.MethodPost, strings.NewReader(fill.Encode())
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, at, body)
	if err != nil {
		return nil, err
	}
	if fill != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
	}
	for name, value := range c.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		for _, cookie := range res.Cookies() {
			c.cookies[cookie.Name] = cookie.Value
		}
	}
	return res, err
}

func TestTheDoctorsPageIsForEverybody(t *testing.T) {
	browser := newBrowser(t)
	upstream := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(upstream.Close)
	at := serveGlue(t, "fastmcp.mjs", upstream.URL)
	page, err := exec.CommandContext(t.Context(), binary, "doctor", "--html", "-", "--client", "chatgpt", at).Output()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }))
	t.Cleanup(srv.Close)
	tab := newTab(t, browser)
	tab.open(srv.URL)
	tab.says("What the doctor saw at " + at)
	tab.says("The registration of a client is refused")
	evaluate[bool](tab, "document.querySelectorAll('details').forEach(d => d.open = true), true")
	tab.says("invalid_redirect_uri")
	tab.look("doctor")
}
