package doctor

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
	"github.com/sallyport-dev/sallyport/oauth"
)

func (w *world) serverMetadata(rw http.ResponseWriter, _ *http.Request, name string) {
	if w.is("no server metadata") || w.is("no challenge, no well-known") || w.is("2025-03-26 only") {
		w.missing(rw)
		return
	}
	d := object{
		"issuer": w.base, "authorization_endpoint": w.base + "/authorize", "token_endpoint": w.base + "/token", "registration_endpoint": w.base + "/register",
		"revocation_endpoint": w.base + "/revoke", "jwks_uri": w.base + "/jwks.json",
		"response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"none", "private_key_jwt", "client_secret_basic"},
		"client_id_metadata_document_supported": true, "authorization_response_iss_parameter_supported": true,
		"scopes_supported": []string{"read", "write", "offline_access"}, "token_endpoint_auth_signing_alg_values_supported": []string{"RS256", "ES256"},
	}
	for fault, change := range map[string]func(){
		"the issuer has a slash":             func() { d["issuer"] = w.base + "/" },
		"the issuer is another":              func() { d["issuer"] = "https://login.example.net" },
		"no token endpoint in the metadata":  func() { delete(d, "token_endpoint") },
		"an endpoint is http":                func() { d["token_endpoint"] = "http://token.example.com/token" },
		"PKCE is not listed":                 func() { delete(d, "code_challenge_methods_supported") },
		"only plain PKCE is listed":          func() { d["code_challenge_methods_supported"] = []string{"plain"} },
		"plain PKCE is listed too":           func() { d["code_challenge_methods_supported"] = []string{"plain", "S256"} },
		"authorize is inside":                func() { d["authorization_endpoint"] = "http://127.0.0.1:8081/authorize" },
		"no signing algorithms":              func() { delete(d, "token_endpoint_auth_signing_alg_values_supported") },
		"no response types":                  func() { delete(d, "response_types_supported") },
		"refresh is not listed":              func() { d["grant_types_supported"] = []string{"authorization_code"} },
		"none is not listed":                 func() { d["token_endpoint_auth_methods_supported"] = []string{"client_secret_basic"} },
		"no documents":                       func() { delete(d, "client_id_metadata_document_supported") },
		"no registration endpoint":           func() { delete(d, "registration_endpoint") },
		"neither documents nor registration": func() { delete(d, "client_id_metadata_document_supported"); delete(d, "registration_endpoint") },
		"iss is sent and not announced":      func() { delete(d, "authorization_response_iss_parameter_supported") },
		"iss is neither sent nor announced":  func() { delete(d, "authorization_response_iss_parameter_supported") },
		"offline_access is not listed":       func() { d["scopes_supported"] = []string{"read", "write"} },
		"there is no such authorize address": func() { d["authorization_endpoint"] = w.base + "/nothing" },
		"there is no such token address":     func() { d["token_endpoint"] = w.base + "/nothing" },
		"the documents of the server disagree": func() {
			d["token_endpoint"] = w.base + "/token" + strings.TrimPrefix(name, "oauth-authorization-server")
		},
	} {
		if w.is(fault) {
			change()
		}
	}
	reply(rw, http.StatusOK, d)
}

func (w *world) keys(rw http.ResponseWriter) {
	key := object{"kty": "EC", "crv": "P-256", "kid": "1", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
	switch {
	case w.is("no keys"):
		notHere(rw)
		return
	case w.is("a private key is published"):
		key["d"] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
	case w.is("a key is weak"):
		key = object{"kty": "RSA", "kid": "1", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(slices.Repeat([]byte{0xc1}, 128))}
	}
	reply(rw, http.StatusOK, object{"keys": []object{key}})
}

func (w *world) register(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.clients, strings.TrimPrefix(r.URL.Path, "/register/"))
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	var asked object
	_ = json.NewDecoder(r.Body).Decode(&asked)
	uris := texts(asked["redirect_uris"])
	if w.is("registration takes long") {
		w.dawdle(11 * time.Second)
	}
	private := slices.ContainsFunc(uris, func(u string) bool { return !strings.HasPrefix(u, "http") })
	switch {
	case w.is("registration is closed"):
		reply(rw, http.StatusForbidden, object{"error": "access_denied"})
		return
	case w.is("registration answers a page"):
		page(rw, http.StatusOK, "Sign up")
		return
	case w.is("only this computer may register") && slices.ContainsFunc(uris, func(u string) bool { return !strings.HasPrefix(u, "http:") }),
		w.is("private schemes are refused") && private:
		reply(rw, http.StatusBadRequest, object{"error": "invalid_redirect_uri"})
		return
	case w.is("private schemes are dropped"):
		uris = slices.DeleteFunc(uris, func(u string) bool { return !strings.HasPrefix(u, "http") })
	}
	w.mu.Lock()
	id := fmt.Sprintf("client-%d", len(w.clients)+1)
	method, _ := asked["token_endpoint_auth_method"].(string)
	got := object{"client_id": id, "redirect_uris": uris, "grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "token_endpoint_auth_method": method}
	if !w.is("registrations cannot be removed") {
		got["registration_client_uri"], got["registration_access_token"] = w.base+"/register/"+id, "secret-registration-token"
	}
	if method != "none" && !w.is("no secrets") {
		got["token_endpoint_auth_method"] = "client_secret_basic"
		got["client_secret"], got["client_secret_expires_at"] = "a-secret-of-a-client", 0
	}
	w.clients[id] = got
	w.mu.Unlock()
	switch {
	case w.is("registration answers with nulls"):
		got["client_uri"], got["logo_uri"] = nil, ""
	case w.is("registration answers without redirect URIs"):
		got = object{"client_id": id, "client_secret": got["client_secret"]}
		if got["client_secret"] == nil {
			delete(got, "client_secret")
		}
	}
	status := http.StatusCreated
	if w.is("registration answers 200") {
		status = http.StatusOK
	}
	reply(rw, status, got)
}

// documents are read once.
var documents = sync.OnceValue(clientbook.Documents)

// redirectsOf are the redirect URIs of a client, registered or with a document.
func (w *world) redirectsOf(id string) ([]string, bool) {
	if text, ok := documents()[id]; ok && !w.is("documents are refused") {
		var d object
		_ = json.Unmarshal(text, &d)
		return texts(d["redirect_uris"]), true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.clients[id]
	uris, _ := c["redirect_uris"].([]string)
	if c["redirect_uris"] == nil && ok {
		uris = []string{loopbackRedirect}
	}
	return uris, ok
}

type codeIssued struct{ client, scope, challenge, resource string }

func (w *world) authorize(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	q := r.URL.Query()
	uris, known := w.redirectsOf(q.Get("client_id"))
	if w.is("2025-03-26 only") && q.Get("client_id") == "" {
		page(rw, http.StatusBadRequest, "client_id is missing")
		return
	}
	to := q.Get("redirect_uri")
	matches := slices.ContainsFunc(uris, func(u string) bool {
		return u == to || !w.is("the port is compared") && oauth.MatchRedirectURI(u, to)
	})
	switch {
	case w.is("a puzzle for browsers"):
		rw.Header().Set("Cf-Mitigated", "challenge")
		page(rw, http.StatusForbidden, "Just a moment...")
	case w.is("authorize crashes"):
		page(rw, http.StatusInternalServerError, "Oops")
	case !known && w.is("unknown clients are answered"):
		w.back(rw, r, url.Values{"error": {"unauthorized_client"}})
	case !known:
		page(rw, http.StatusBadRequest, "Unknown client")
	case !matches && !w.is("any redirect URI"):
		page(rw, http.StatusBadRequest, "Unknown redirect URI")
	case !matches && w.is("any redirect URI"):
		w.back(rw, r, url.Values{"error": {"access_denied"}})
	case q.Get("code_challenge") == "" && !w.is("PKCE is not demanded"):
		w.back(rw, r, url.Values{"error": {"invalid_request"}})
	case q.Get("resource") != w.base+"/mcp" && w.is("the resource's slash is refused"), w.is("the resource is not known"):
		w.back(rw, r, url.Values{"error": {"invalid_target"}})
	case w.is("the person says no"):
		w.back(rw, r, url.Values{"error": {"access_denied"}})
	case r.Header.Get("X-Signed-In") == "" && !w.is("nobody is asked"):
		if w.is("form-action on the page") {
			rw.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'")
		}
		page(rw, http.StatusOK, "Sign in")
	default:
		code := fmt.Sprintf("code-number-%d", len(w.codes)+1)
		w.codes[code] = codeIssued{q.Get("client_id"), q.Get("scope"), q.Get("code_challenge"), q.Get("resource")}
		w.back(rw, r, url.Values{"code": {code}})
	}
}

// back answers the client.
func (w *world) back(rw http.ResponseWriter, r *http.Request, answer url.Values) {
	q := r.URL.Query()
	answer.Set("state", q.Get("state"))
	answer.Set("iss", w.base)
	isError := answer.Has("error")
	switch {
	case w.is("iss is missing"), w.is("iss is neither sent nor announced"), w.is("iss is missing from success") && !isError:
		answer.Del("iss")
	case w.is("iss is another"):
		answer.Set("iss", w.base+"/")
	case w.is("errors lose the state") && isError:
		answer.Del("state")
	case w.is("a plus becomes a space"):
		answer.Set("state", strings.ReplaceAll(q.Get("state"), "+", " "))
	}
	http.Redirect(rw, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

type grant struct {
	client, scope string
	used, rotated bool
	ended         *bool
	access        string
}

func (w *world) token(rw http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	rw.Header().Set("Cache-Control", "no-store")
	refuse := func(status int, code string) { reply(rw, status, object{"error": code}) }
	_, known := w.redirectsOf(r.Form.Get("client_id"))
	w.mu.Lock()
	defer w.mu.Unlock()
	grants := r.Form.Get("grant_type") == "refresh_token"
	switch {
	case known && !grants && w.is("codes are refused"):
		refuse(http.StatusBadRequest, "invalid_grant")
	case w.is("token errors are pages"):
		page(rw, http.StatusBadRequest, "Bad request")
	case w.is("token errors are 200"):
		reply(rw, http.StatusOK, object{"error": "invalid_grant"})
	case !known && w.is("an unknown client is invalid_grant"):
		refuse(http.StatusBadRequest, "invalid_grant")
	case !known:
		refuse(http.StatusUnauthorized, "invalid_client")
	case grants && w.is("a dead refresh token is invalid_request") && !w.known(r.Form.Get("refresh_token")):
		refuse(http.StatusBadRequest, "invalid_request")
	case grants:
		w.rotate(rw, r.Form)
	default:
		c, ok := w.codes[r.Form.Get("code")]
		if !ok || c.challenge != challengeOf(r.Form.Get("code_verifier")) {
			refuse(http.StatusBadRequest, "invalid_grant")
			return
		}
		if !w.is("codes work twice") {
			delete(w.codes, r.Form.Get("code"))
		}
		ended := false
		w.issue(rw, grant{client: c.client, scope: c.scope, ended: &ended})
	}
}

func (w *world) known(refresh string) bool { _, ok := w.refresh[refresh]; return ok }

// rotate answers a refresh. A used token, presented again, ends everything.
func (w *world) rotate(rw http.ResponseWriter, form url.Values) {
	g, ok := w.refresh[form.Get("refresh_token")]
	switch {
	case !ok || *g.ended || w.is("refresh does not work"):
		reply(rw, http.StatusBadRequest, object{"error": "invalid_grant"})
		return
	case g.used && w.is("a second refresh ends the grant"):
		*g.ended = true
		for token := range w.live {
			delete(w.live, token)
		}
		reply(rw, http.StatusBadRequest, object{"error": "invalid_grant"})
		return
	}
	g.used = true
	w.refresh[form.Get("refresh_token")] = g
	w.issue(rw, grant{client: g.client, scope: g.scope, ended: g.ended, rotated: true})
}

func (w *world) issue(rw http.ResponseWriter, g grant) {
	w.issued++
	n := w.issued
	aud := any(w.base + "/mcp")
	if w.is("the audience is another") {
		aud = "https://api.example.com"
	}
	granted := g.scope
	if w.is("less is granted in secret") {
		granted = "other"
	}
	claims, _ := json.Marshal(object{"iss": w.base, "aud": aud, "sub": "ada", "exp": w.clock.Add(time.Hour).Unix(), "jti": fmt.Sprint(n), "scope": granted})
	g.access = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9." + base64.RawURLEncoding.EncodeToString(claims) + ".c2lnbmF0dXJlLXRoYXQtaXMtbm9uZQ"
	if !w.is("its own tokens are refused") {
		w.live[g.access] = true
	}
	w.scopes[g.access] = g.scope
	refresh := fmt.Sprintf("refresh-number-%d", n)
	answer := object{"access_token": g.access, "token_type": "Bearer", "expires_in": 3600, "scope": g.scope, "refresh_token": refresh}
	if w.is("less is granted") || w.is("less is granted in secret") {
		answer["scope"] = "other"
	}
	switch {
	case w.is("less is granted in secret"):
		delete(answer, "scope")
	case w.is("no refresh token"):
		delete(answer, "refresh_token")
	case w.is("no expiry"):
		delete(answer, "expires_in")
	case w.is("tokens may be stored"):
		rw.Header().Del("Cache-Control")
	case w.is("no token type"):
		delete(answer, "token_type")
	case w.is("refresh tokens stay") && g.rotated:
		delete(answer, "refresh_token")
	}
	w.refresh[refresh] = g
	reply(rw, http.StatusOK, answer)
}

// revoke ends the grant of a refresh token, and an access token.
func (w *world) revoke(rw http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.is("revocation does nothing") {
		return
	}
	if g, ok := w.refresh[r.Form.Get("token")]; ok {
		*g.ended = true
		for token := range w.live {
			delete(w.live, token)
		}
	}
	delete(w.live, r.Form.Get("token"))
}
