package standin

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// googleLife is the lifetime of access and ID tokens. expires_in is a second
// less, as Google answers it.
const googleLife = time.Hour

type googleTokens struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
	IDToken      string `json:"id_token,omitempty"`
}

type googleError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// token answers "Exchange code for access token and ID token" of "OpenID
// Connect" and "Refreshing an access token" of "Using OAuth 2.0 for Web Server
// Applications".
func (g *Google) token(w http.ResponseWriter, r *http.Request, f Fault) {
	form := readForm(r)
	if id, secret, ok := r.BasicAuth(); ok {
		form.Set("client_id", id)
		form.Set("client_secret", secret)
	}
	issuer, _ := g.issuer(r)
	g.mu.Lock()
	tokens, refused := g.redeem(form, issuer, f)
	g.mu.Unlock()
	w.Header().Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	w.Header().Set("Pragma", "no-cache")
	if refused != nil {
		answer(w, refused.status, refused)
		return
	}
	answer(w, http.StatusOK, tokens)
}

// redeem has the lock.
func (g *Google) redeem(form url.Values, issuer string, f Fault) (googleTokens, *googleError) {
	switch kind := form.Get("grant_type"); {
	case form.Get("client_id") != g.client.ID:
		return googleTokens{}, &googleError{http.StatusUnauthorized, "invalid_client", "The OAuth client was not found."}
	case !g.client.secret(form.Get("client_secret")):
		return googleTokens{}, &googleError{http.StatusUnauthorized, "invalid_client", "Unauthorized"}
	case kind == "authorization_code":
		return g.redeemCode(form, issuer, f)
	case kind == "refresh_token":
		return g.redeemRefresh(form, issuer, f)
	case kind == "":
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_request", "Missing required parameter: grant_type"}
	default:
		return googleTokens{}, &googleError{http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type: " + kind}
	}
}

func (g *Google) redeemCode(form url.Values, issuer string, f Fault) (googleTokens, *googleError) {
	code := form.Get("code")
	a, ok := g.codes[code]
	switch {
	case !strings.HasPrefix(code, "4/"):
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_grant", "Malformed auth code."}
	case !ok || !clock(g.Now).Before(a.expires):
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_grant", "Bad Request"}
	case form.Get("redirect_uri") != a.redirect:
		return googleTokens{}, &googleError{http.StatusBadRequest, "redirect_uri_mismatch", "Bad Request"}
	case a.get("code_challenge") != "" && form.Get("code_verifier") == "":
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_grant", "Missing code verifier."}
	case !a.proves(form.Get("code_verifier")):
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_grant", "Invalid code verifier."}
	}
	delete(g.codes, code)
	granted := scopes(a.get("scope"))
	if a.get("include_granted_scopes") == "true" {
		granted = union(granted, g.agreed[a.person])
	}
	person, ok := g.person(a.person)
	if !ok {
		return googleTokens{}, deleted()
	}
	tokens := g.mint(person, granted, issuer, a.get("nonce"), f)
	// A refresh token needs access_type=offline in the authorization request, and
	// a consent: the first one, or one that prompt=consent asked for.
	if a.get("access_type") == "offline" && a.first {
		tokens.RefreshToken = text("1//0", 60)
		g.renew[tokens.RefreshToken] = &googleGrant{person: a.person, scopes: granted}
	}
	return tokens, nil
}

// redeemRefresh answers no refresh token: the one used stays good.
func (g *Google) redeemRefresh(form url.Values, issuer string, f Fault) (googleTokens, *googleError) {
	grant := g.renew[form.Get("refresh_token")]
	switch {
	case form.Get("refresh_token") == "":
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_request", "Missing required parameter: refresh_token"}
	case grant == nil:
		return googleTokens{}, &googleError{http.StatusBadRequest, "invalid_grant", "Token has been expired or revoked."}
	}
	person, ok := g.person(grant.person)
	if !ok {
		return googleTokens{}, deleted()
	}
	return g.mint(person, grant.scopes, issuer, "", f), nil
}

func deleted() *googleError {
	return &googleError{http.StatusBadRequest, "invalid_grant", "Account has been deleted"}
}

// mint makes an access token, and an ID token for whoever asked for openid.
func (g *Google) mint(person GooglePerson, granted []string, issuer, nonce string, f Fault) googleTokens {
	now := clock(g.Now)
	access := text("ya29.a0A", 80)
	g.access[access] = &googleGrant{person.Sub, granted, now.Add(googleLife)}
	tokens := googleTokens{AccessToken: access, ExpiresIn: int(googleLife/time.Second) - 1, Scope: strings.Join(granted, " "), TokenType: "Bearer"}
	if !slices.Contains(granted, "openid") {
		return tokens
	}
	// OpenID Connect Core §3.1.3.6: the left half of the hash, which for
	// RS256 is SHA-256.
	sum := sha256.Sum256([]byte(access))
	claims := person.claims(granted)
	claims["iss"], claims["azp"], claims["aud"] = issuer, g.client.ID, g.client.ID
	claims["at_hash"] = base64.RawURLEncoding.EncodeToString(sum[:16])
	claims["iat"], claims["exp"] = now.Unix(), now.Add(googleLife).Unix()
	if nonce != "" {
		claims["nonce"] = nonce
	}
	tokens.IDToken = g.keys.sign(claims, f)
	return tokens
}

// claims are what the scopes let be known of a person: "An ID token's payload".
func (p GooglePerson) claims(granted []string) map[string]any {
	claims := map[string]any{"sub": p.Sub}
	if p.HD != "" {
		claims["hd"] = p.HD
	}
	if slices.Contains(granted, "https://www.googleapis.com/auth/userinfo.email") {
		claims["email"], claims["email_verified"] = p.Email, p.Verified
	}
	if slices.Contains(granted, "https://www.googleapis.com/auth/userinfo.profile") {
		for name, value := range map[string]string{"name": p.Name, "given_name": p.Given, "family_name": p.Family, "picture": p.Picture} {
			if value != "" {
				claims[name] = value
			}
		}
	}
	return claims
}

// userinfo answers "Obtaining user profile information".
func (g *Google) userinfo(w http.ResponseWriter, r *http.Request, _ Fault) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	g.mu.Lock()
	defer g.mu.Unlock()
	grant := g.access[token]
	var person GooglePerson
	known := false
	if grant != nil {
		person, known = g.person(grant.person)
	}
	if !known || !clock(g.Now).Before(grant.expires) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
		answer(w, http.StatusUnauthorized, googleError{Code: "invalid_request", Description: "Invalid Credentials"})
		return
	}
	answer(w, http.StatusOK, person.claims(grant.scopes))
}

// revoke answers "Revoking a token": an access or a refresh token, with 200 and
// an empty object, and 400 for one that is unknown. Whatever else the person
// allowed this client ends with it.
func (g *Google) revoke(w http.ResponseWriter, r *http.Request, _ Fault) {
	token := params(r).Get("token")
	g.mu.Lock()
	defer g.mu.Unlock()
	grant := g.access[token]
	if grant == nil {
		grant = g.renew[token]
	}
	if grant == nil {
		answer(w, http.StatusBadRequest, googleError{Code: "invalid_token", Description: "Token expired or revoked"})
		return
	}
	g.forget(grant.person)
	answer(w, http.StatusOK, struct{}{})
}
