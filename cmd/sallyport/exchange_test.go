package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// elsewhereSecret is that of the server that stands elsewhere.
const elsewhereSecret = "secret-of-the-repos-server"

// A proof is how the server elsewhere proves who it is: what the settings have of it, and
// what it has itself.
type proof func(t *testing.T, issuer string) (settings string, own resource.ExchangeConfig)

func bySecret(*testing.T, string) (string, resource.ExchangeConfig) {
	return "client_secret: " + elsewhereSecret, resource.ExchangeConfig{Secret: elsewhereSecret}
}

// byKey has the public half in a file, as ssh would.
func byKey(t *testing.T, issuer string) (string, resource.ExchangeConfig) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "repos.jwks")
	set := fmt.Appendf(nil, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":%q}]}`+"\n", base64.RawURLEncoding.EncodeToString(public))
	if err := os.WriteFile(file, set, 0o600); err != nil {
		t.Fatal(err)
	}
	return `jwks: "${file:` + file + `}"`, resource.ExchangeConfig{
		Assertion: resource.SignedBy(token.Signature{Key: key, KeyID: "one", ClientID: "repos-server", Audience: issuer}, nil)}
}

// newElsewhere is a door, and an MCP server in Go that stands elsewhere: a library
// guards it, knows its callers by the keys that the door publishes, and gets what it
// acts with by exchange.
func newElsewhere(t *testing.T, proves proof) (c *connected, tool string) {
	c, at, own := newDoorTo(t, proves, `
  - { name: repos, host: "%s", path: /mcp, connection: { provider: github, scopes: [repo] } }
  - { name: notes, path: /notes/mcp, upstream: "http://127.0.0.1:1/mcp", scopes: { "notes:read": {} } }`,
		`{ resource: notes, scopes: ["notes:read"] }`)
	at.Config.Handler = repos(t, c.url, c.door.in.config.ProtectedResources()[0], c.there, own)
	at.Start()
	return c, "http://" + at.Listener.Addr().String() + "/mcp"
}

// repos is that server: it asks GitHub who its caller is, with the caller's own token.
func repos(t *testing.T, issuer string, r oauth.ProtectedResource, github string, own resource.ExchangeConfig) http.Handler {
	exchange, err := resource.NewExchange(own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exchange.Close() })
	keys, err := resource.NewRemote(resource.RemoteConfig{Issuer: issuer, Audience: r.ID})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := resource.New(resource.Config{Resource: r, Issuer: issuer, Verifier: keys, Upstreams: exchange})
	if err != nil {
		t.Fatal(err)
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "repos", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		bearer, err := resource.UpstreamToken(ctx, "github")
		if err != nil {
			return nil, nil, err
		}
		ask, err := http.NewRequestWithContext(ctx, http.MethodGet, github+"/user", nil)
		if err != nil {
			return nil, nil, err
		}
		ask.Header.Set("Authorization", "Bearer "+string(bearer))
		res, err := http.DefaultClient.Do(ask)
		if err != nil {
			return nil, nil, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(body)}}}, nil, err
	})
	return guard.Wrap(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true}))
}

// callThere calls the tool of the server elsewhere.
func (c *connected) callThere(tool string, access oauth.Secret) (int, http.Header, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, tool, strings.NewReader(c.request))
	c.ok(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", "Bearer "+string(access))
	res, err := http.DefaultClient.Do(r)
	c.ok(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	c.ok(err)
	return res.StatusCode, res.Header, string(body)
}

// granted is a grant at the server elsewhere, and an access token of it.
func (c *connected) granted(person, at string, scope ...string) (oauth.Grant, oauth.Secret) {
	c.t.Helper()
	g := c.grant("c", person, at, scope...)
	raw, err := c.door.in.keys.MintAccess(token.FormatJWT, token.RS256, token.Access{Issuer: c.url, Subject: person, Audience: at,
		ClientID: "c", GrantID: g.ID, Scope: g.Scope.Plain(), IssuedAt: g.Created, Expires: g.Expires})
	c.ok(err)
	return g, raw
}

// A server elsewhere acts with its caller's own token, and nobody else's; who has not
// connected is sent to where they can; and nothing of it is written down.
func TestAServerElsewhereActsWithItsCallersOwnToken(t *testing.T) {
	for name, proves := range map[string]proof{"by a secret": bySecret, "by a key": byKey} {
		t.Run(name, func(t *testing.T) { actsElsewhere(t, proves) })
	}
}

func actsElsewhere(t *testing.T, proves proof) {
	c, tool := newElsewhere(t, proves)
	_, ada := c.browser("ada")
	_, bob := c.browser("bob")
	for _, person := range []oauth.Person{ada, bob} {
		_, access := c.granted(person.ID, tool, "repos")
		status, _, body := c.callThere(tool, access)
		if name := strings.TrimSuffix(person.Username, "@github"); status != http.StatusOK || !strings.Contains(body, `\"login\":\"`+name+`\"`) {
			t.Errorf("%s calls: %d %s", name, status, body)
		}
	}
	root, err := c.door.in.store.PersonByUsername(t.Context(), "root")
	c.ok(err)
	_, access := c.granted(root.ID, tool, "repos")
	status, header, body := c.callThere(tool, access)
	if !strings.Contains(header.Get("WWW-Authenticate")+body, "connect") || strings.Contains(body, `\"login\"`) {
		t.Errorf("who has not connected is answered %d %v %s", status, header, body)
	}
	// The token of another resource is of no use there, nor is the server's own.
	_, wrong := c.granted(ada.ID, c.url+"/notes/mcp", "notes:read")
	if status, _, _ := c.callThere(tool, wrong); status != http.StatusUnauthorized {
		t.Errorf("with the token of another resource: %d", status)
	}
	c.holdsNone(c.kept(ada.ID), c.kept(bob.ID), elsewhereSecret)
}

// What the person ends is over at the issuer at once: a new token that was presented
// is exchanged for nothing.
func TestAServerElsewhereGetsNothingForAGrantThatEnded(t *testing.T) {
	c, tool := newElsewhere(t, bySecret)
	_, ada := c.browser("ada")
	g, access := c.granted(ada.ID, tool, "repos")
	_, err := c.door.in.store.Revoke(t.Context(), store.GrantFilter{ID: g.ID}, store.ByClient)
	c.ok(err)
	status, header, body := c.callThere(tool, access)
	if status != http.StatusUnauthorized || !strings.Contains(header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("it is answered %d %v %s", status, header, body)
	}
}

// The gateway lets a server in that acts for its own caller, and who that is shows.
func TestTheGatewayLetsAServerActForItsCaller(t *testing.T) {
	c, tool := newElsewhere(t, bySecret)
	_, ada := c.browser("ada")
	notes := c.url + "/notes/mcp"
	_, access := c.granted(ada.ID, tool, "repos", oauth.Delegation{From: tool, To: notes, Scope: "notes:read"}.Token())
	exchange, err := resource.NewExchange(resource.ExchangeConfig{TokenURL: c.url + "/oauth/token", ClientID: "repos-server", Secret: elsewhereSecret})
	c.ok(err)
	defer exchange.Close()
	bearer, _, err := exchange.ResourceToken(t.Context(), access, notes, nil)
	c.ok(err)
	if status, _, _ := c.callThere(notes, bearer); status != http.StatusBadGateway { // nothing runs there
		t.Errorf("the gateway answers %d", status)
	}
	if !strings.Contains(c.log.String(), `"actor":"repos-server"`) {
		t.Error("the log does not say who acts")
	}
	if status, _, _ := c.callThere(notes, access); status != http.StatusUnauthorized {
		t.Errorf("the caller's own token is let in there: %d", status)
	}
	_, before := c.granted(ada.ID, tool, "repos")
	if _, _, err := exchange.ResourceToken(t.Context(), before, notes, nil); oauth.AsError(err).Code != oauth.InsufficientScope {
		t.Errorf("who has not agreed to it: %v", err)
	}
}
