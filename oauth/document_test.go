package oauth

import (
	"slices"
	"strings"
	"testing"
)

func TestAMethodIsTheFirstThatBothCanDo(t *testing.T) {
	for name, given := range map[string]struct{ members, want string }{
		"neither is said":                         {``, "none"},
		"an empty list counts as not said":        {`,"token_endpoint_auth_methods_supported":[]`, "none"},
		"the plural goes before the singular":     {`,"token_endpoint_auth_methods_supported":["none"],"token_endpoint_auth_method":"client_secret_basic"`, "none"},
		"keys are better than nothing":            {`,"token_endpoint_auth_methods_supported":["none","private_key_jwt"],"jwks_uri":"https://a.example/k"`, "private_key_jwt none"},
		"keys that are nowhere are not announced": {`,"token_endpoint_auth_methods_supported":["none","private_key_jwt"]`, "none"},
		"others are ignored where one will do":    {`,"token_endpoint_auth_methods_supported":["tls_client_auth","none"]`, "none"},
		"the singular alone":                      {`,"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[]}`, "private_key_jwt"},
		"a secret in public is refused":           {`,"token_endpoint_auth_method":"client_secret_post"`, ""},
		"keys alone, and nowhere":                 {`,"token_endpoint_auth_method":"private_key_jwt"`, ""},
	} {
		c, err := ParseDocument("https://a.example/c", []byte(`{"client_id":"https://a.example/c","client_name":"A","redirect_uris":["https://a.example/cb"]`+given.members+`}`), nil)
		if got := strings.Join(c.Methods, " "); got != given.want || (err == nil) != (given.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	for _, seed := range []string{
		`{"client_id":"https://a.example/c","client_name":"A","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"https://a.example/c","client_name":"A","redirect_uris":["http://localhost/cb"],"token_endpoint_auth_methods_supported":["none","private_key_jwt"],"jwks_uri":"https://a.example/k"}`,
		`{"client_id":"https://a.example/c","client_name":"A","redirect_uris":["https://a.example/cb"],"client_secret":"x"}`,
		`{"client_id":null,"jwks":{"keys":[{}]}}`, `[]`, ``, `{"client_id":"https://a.example/c","client_name":" ","redirect_uris":"x"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, err := ParseDocument("https://a.example/c", []byte(body), []string{"cursor"})
		if err != nil {
			return
		}
		if c.ID != "https://a.example/c" || c.Metadata.ClientName == "" || len(c.Methods) == 0 || !c.SecretDigest.IsZero() {
			t.Errorf("%q made %+v", body, c)
		}
		for _, uri := range c.Metadata.RedirectURIs {
			if CheckRedirectURI(uri, []string{"cursor"}) != nil {
				t.Errorf("%q may be redirected to", uri)
			}
		}
		if c.Authenticates(AuthPrivateKey) && c.Keys == nil && c.KeysURI == "" {
			t.Error("it would be checked by no key")
		}
	})
}

func FuzzParseDocumentURL(f *testing.F) {
	for _, seed := range []string{"https://a.example/c", "http://localhost:1/c", "https://a.example", "https://a.example/../c", "https://[::1]/c?d#e", "https://u@a.example/c", "HTTPS://a.example/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		u, err := ParseDocumentURL(id, false)
		if err != nil {
			return
		}
		if u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Path == "" || u.Host == "" || strings.ContainsAny(id, "# \t\r\n\\") ||
			slices.Contains(strings.Split(u.Path, "/"), "..") {
			t.Errorf("%q is taken", id)
		}
		if !IsDocumentURL(id) {
			t.Errorf("%q is taken, and would be looked for among the registered", id)
		}
	})
}
