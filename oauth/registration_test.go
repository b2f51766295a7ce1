package oauth

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestRegistrationsOfKnownClients: the bodies that clients were seen to send,
// and what they get.
func TestRegistrationsOfKnownClients(t *testing.T) {
	schemes := []string{"cursor", "vscode", "vscode-insiders"}
	for _, c := range []struct {
		name, body, method string
		redirects          []string
	}{
		{
			"Cursor gets its several URIs",
			`{"client_name":"Cursor","redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback","http://localhost:8787/callback"],
			 "grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","application_type":"web"}`,
			AuthNone,
			[]string{"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"},
		},
		{
			"VS Code gets its loopback and its web address",
			`{"client_name":"Visual Studio Code","client_uri":"https://code.visualstudio.com","grant_types":["authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:device_code"],
			 "response_types":["code"],"redirect_uris":["https://insiders.vscode.dev/redirect","https://vscode.dev/redirect","http://127.0.0.1/","http://127.0.0.1:33418/"],
			 "token_endpoint_auth_method":"none","application_type":"native"}`,
			AuthNone,
			[]string{"https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"},
		},
		{
			"Claude is public, and asks for a grant that is not implemented",
			`{"client_name":"Claude","redirect_uris":["https://claude.ai/api/mcp/auth_callback"],"grant_types":["authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:jwt-bearer"],
			 "response_types":["code"],"token_endpoint_auth_method":"none","scope":"claudeai"}`,
			AuthNone,
			[]string{"https://claude.ai/api/mcp/auth_callback"},
		},
		{
			"Codex is native",
			`{"client_name":"Codex","redirect_uris":["http://127.0.0.1:51004/callback"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none","response_types":["code"],"application_type":"native"}`,
			AuthNone,
			[]string{"http://127.0.0.1:51004/callback"},
		},
		{
			"Gemini CLI sends an empty scope",
			`{"client_name":"Gemini CLI MCP Client","redirect_uris":["http://localhost:7777/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":""}`,
			AuthNone,
			[]string{"http://localhost:7777/oauth/callback"},
		},
		{
			"mcp-remote names its software",
			`{"redirect_uris":["http://localhost:3334/oauth/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],
			 "client_name":"MCP CLI Proxy","client_uri":"https://github.com/modelcontextprotocol/mcp-cli","software_id":"2e6dc280-f3c3-4e01-99a7-8181dbd1d23d","software_version":"0.15.0"}`,
			AuthNone,
			[]string{"http://localhost:3334/oauth/callback"},
		},
		{
			"Inspector says nothing of how it authenticates",
			`{"redirect_uris":["http://localhost:6274/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"MCP Inspector","client_uri":"https://github.com/modelcontextprotocol/inspector","scope":null}`,
			AuthNone,
			[]string{"http://localhost:6274/oauth/callback"},
		},
		{
			"Microsoft 365 Copilot needs a secret and does not say so",
			`{"client_name":"Microsoft 365 Copilot","redirect_uris":["https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect"],"grant_types":["authorization_code","refresh_token"]}`,
			AuthBasic,
			[]string{"https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect"},
		},
		{
			"a program that posts its secret may",
			`{"redirect_uris":["https://n8n.example.com/rest/oauth2-credential/callback"],"token_endpoint_auth_method":"client_secret_post"}`,
			AuthPost,
			[]string{"https://n8n.example.com/rest/oauth2-credential/callback"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ParseRegistration([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Complete(schemes)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.RedirectURIs, c.redirects) {
				t.Errorf("redirect_uris: %q", got.RedirectURIs)
			}
			if got.TokenEndpointAuthMethod != c.method {
				t.Errorf("token_endpoint_auth_method: %q", got.TokenEndpointAuthMethod)
			}
			if !slices.Equal(got.GrantTypes, []string{"authorization_code", "refresh_token"}) || !slices.Equal(got.ResponseTypes, []string{"code"}) {
				t.Errorf("grant_types %q, response_types %q", got.GrantTypes, got.ResponseTypes)
			}
			strict(t, got)
		})
	}
}

// strict reads an answer as LM Studio does: what is there is neither null nor
// empty, and a URI where one is due.
func strict(t *testing.T, m ClientMetadata) {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	for name, value := range answer {
		list, isList := value.([]any)
		if value == nil || value == "" || isList && len(list) == 0 {
			t.Errorf("%s is %#v", name, value)
		}
		if s, ok := value.(string); ok && strings.HasSuffix(name, "_uri") && !strings.HasPrefix(s, "https://") {
			t.Errorf("%s is %q", name, s)
		}
	}
	for _, name := range []string{"redirect_uris", "grant_types", "response_types", "token_endpoint_auth_method"} {
		if answer[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestParseRegistration(t *testing.T) {
	const uri = `"redirect_uris":["https://a.example/cb"]`
	for _, c := range []struct {
		name, body string
		want       ErrorCode
	}{
		{"nothing but a redirect URI", `{` + uri + `}`, ""},
		{"no redirect URI is for Complete to refuse", `{}`, ""},
		{"null is as good as absent", `{"redirect_uris":null,"scope":null,"contacts":null,"grant_types":null}`, ""},
		{"unknown members are ignored", `{` + uri + `,"jwks":{"keys":[{"kty":"RSA"}]},"x":[1,{"y":null}]}`, ""},
		{"wrong types of what is not needed are ignored", `{` + uri + `,"client_name":7,"grant_types":"authorization_code","contacts":{"a":1},"scope":true,"logo_uri":[]}`, ""},
		{"a list element of another type is ignored", `{"redirect_uris":["https://a.example/cb",7,null,""]}`, ""},
		{"of two members with one name the last holds", `{"redirect_uris":["https://b.example/cb"],` + uri + `}`, ""},
		{"redirect_uris is a text", `{"redirect_uris":"https://a.example/cb"}`, InvalidRedirectURI},
		{"redirect_uris is an object", `{"redirect_uris":{"0":"https://a.example/cb"}}`, InvalidRedirectURI},
		{"the body is empty", ``, InvalidClientMetadata},
		{"the body is null", `null`, InvalidClientMetadata},
		{"the body is a list", `[{` + uri + `}]`, InvalidClientMetadata},
		{"the body is a text", `"x"`, InvalidClientMetadata},
		{"the body is a form", `redirect_uris=https%3A%2F%2Fa.example%2Fcb`, InvalidClientMetadata},
		{"something follows the object", `{` + uri + `}{}`, InvalidClientMetadata},
		{"the object is not closed", `{` + uri, InvalidClientMetadata},
		{"it is nested deeply", `{` + uri + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, InvalidClientMetadata},
		{"brackets in a text are no nesting", `{` + uri + `,"client_name":"\"` + strings.Repeat("[", 100) + `"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ParseRegistration([]byte(c.body))
			if c.want != "" {
				if err == nil || AsError(err).Code != c.want {
					t.Errorf("got %v, %v; want %s", m, err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(m.RedirectURIs) > 0 && !slices.Equal(m.RedirectURIs, []string{"https://a.example/cb"}) {
				t.Errorf("redirect_uris: %q", m.RedirectURIs)
			}
		})
	}
}

func TestMemberNamesAreExact(t *testing.T) {
	m, err := ParseRegistration([]byte(`{"redirect_uris":["https://a.example/cb"],"Redirect_URIs":["https://b.example/cb"],"CLIENT_NAME":"b"}`))
	if err != nil || !slices.Equal(m.RedirectURIs, []string{"https://a.example/cb"}) || m.ClientName != "" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestScopeMayBeAList(t *testing.T) {
	m, err := ParseRegistration([]byte(`{"scope":["b","a"]}`))
	if err != nil || m.Scope != "b a" {
		t.Errorf("%q, %v", m.Scope, err)
	}
}

func FuzzParseRegistration(f *testing.F) {
	f.Add([]byte(`{"client_name":"Cursor","redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","http://localhost:8787/callback"],"token_endpoint_auth_method":"none"}`))
	f.Add([]byte(`{"redirect_uris":["https://a.example/cb"],"scope":"b a","contacts":["x@y.example"],"logo_uri":"https://a.example/l.png","client_name":"\u202ea\u0000"}`))
	f.Add([]byte(`{"redirect_uris":["http://[::1]:1/"],"application_type":"native"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ParseRegistration(body)
		if err == nil {
			m, err = m.Complete([]string{"cursor"})
		}
		if err != nil {
			if code := AsError(err).Code; code != InvalidRedirectURI && code != InvalidClientMetadata {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		strict(t, m)
		again, err := m.Complete([]string{"cursor"})
		if err != nil || !same(again, m) || again.PublicID() != m.PublicID() {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
		text, _ := json.Marshal(m)
		if read, err := ParseRegistration(text); err != nil || !same(read, m) {
			t.Errorf("%s was read as %+v, %v", text, read, err)
		}
		for _, uri := range m.RedirectURIs {
			if CheckRedirectURI(uri, []string{"cursor"}) != nil || !m.MatchRedirectURI(uri) {
				t.Errorf("holds %q", uri)
			}
		}
		if !utf8.ValidString(m.ClientName) || len(m.ClientName) > maxName {
			t.Errorf("holds the name %q", m.ClientName)
		}
	})
}

func same(a, b ClientMetadata) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
